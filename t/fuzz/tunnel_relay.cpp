// A Tunnel between two socket pairs: the bytes of each side come out unchanged on the other side, in whatever
// pieces they are sent, and whether they are copied or spliced, and at the end of both streams the tunnel is
// over. Bytes behind both Close frames may be cut. Input: watermark - 1, size of the read buffer - 1, then
// pieces: a byte with the side (bit 0), "a turn follows" (bit 1) and the length (the rest), then as many
// bytes.
#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "mod_wsflow/tunnel/tunnel.hpp"
#include "t/fuzz/require.hpp"

using namespace wsflow;
using fuzz::require;
using tunnel::Side;

namespace {

using Bytes = std::vector<std::uint8_t>;

struct Pair {
  base::UniqueFd ours;
  base::UniqueFd peer;
};

Pair make_pair() {
  int fds[2];
  require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
  return {base::UniqueFd(fds[0]), base::UniqueFd(fds[1])};
}

class Conversation {
 public:
  Conversation(Pair client, Pair origin, std::uint32_t watermark, std::size_t buffer, bool splices)
      : terms_{.close = 1000, .high_watermark = watermark},
        peers_{std::move(client.peer), std::move(origin.peer)},
        tunnel_({.client_fd = std::move(client.ours),
                 .client_ssl = {},
                 .origin_fd = std::move(origin.ours),
                 .origin_ssl = {},
                 .admission = {},
                 .options = &terms_},
                base::Instant{}),
        buffer_(buffer),
        splices_(splices) {}

  void say(Side side, std::span<const std::uint8_t> bytes) {
    const auto sent = ::send(peers_[index(side)].get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) said_[index(side)].insert(said_[index(side)].end(), bytes.begin(), bytes.begin() + sent);
  }
  bool turn() {
    for (const auto side : {Side::client, Side::origin}) {
      auto& endpoint = tunnel_.endpoint(side);
      endpoint.stream.note_readable(ended_);
      endpoint.read_ready = true;
      endpoint.write_blocked = false;
    }
    for (const auto from : {Side::client, Side::origin}) {
      tunnel_.flush(tunnel::other(from));
      tunnel_.relay(from, buffer_, 4 * buffer_.size(), recorder_, splices_ ? &pipes_ : nullptr);
      hear(tunnel::other(from));
    }
    return tunnel_.settle();
  }
  void finish() {
    ended_ = true;
    for (auto& peer : peers_) ::shutdown(peer.get(), SHUT_WR);
    bool over = false;
    for (std::size_t turns = 0; turns < 100000 && !over; ++turns) over = turn();
    require(over);
    for (const auto side : {Side::client, Side::origin}) {
      hear(tunnel::other(side));
      const auto& heard = heard_[index(tunnel::other(side))];
      const auto& said = said_[index(side)];
      const auto same = std::min(heard.size(), said.size());
      require(same == said.size() || tunnel_.both_closes_seen());
      require(std::equal(heard.begin(), heard.begin() + static_cast<std::ptrdiff_t>(same), said.begin()));
      require(heard.size() == same || tunnel_.our_close(tunnel::other(side)) != 0);
      require(tunnel_.from(side).bytes() == said.size());
      require(slot_.counters[metrics::kBytes(static_cast<metrics::Direction>(side))] == said.size());
      require(tunnel_.endpoint(side).pending.empty());
    }
  }

 private:
  static std::size_t index(Side side) { return static_cast<std::size_t>(side); }

  void hear(Side side) {
    std::uint8_t buffer[4096];
    for (;;) {
      const auto got = ::recv(peers_[index(side)].get(), buffer, sizeof buffer, 0);
      if (got <= 0) return;
      heard_[index(side)].insert(heard_[index(side)].end(), buffer, buffer + got);
    }
  }

  shm::ProcessSlot slot_{};
  metrics::Recorder recorder_{slot_};
  tunnel::Options terms_;
  base::UniqueFd peers_[2];
  tunnel::PipePool pipes_{{.frame = 40, .head = 20, .tail = 12, .small_piece = 8, .piece = 50}};
  tunnel::Tunnel tunnel_;
  Bytes buffer_;
  Bytes said_[2];
  Bytes heard_[2];
  const bool splices_;
  bool ended_ = false;
};

void converse(const std::uint8_t* data, std::size_t size, bool splices) {
  Conversation conversation(make_pair(), make_pair(), data[0] + 1U, data[1] + std::size_t{1}, splices);
  std::span<const std::uint8_t> rest(data + 2, size - 2);
  while (!rest.empty()) {
    const unsigned control = rest[0];
    const auto length = std::min<std::size_t>(control >> 2U, rest.size() - 1);
    conversation.say((control & 1U) != 0 ? Side::origin : Side::client, rest.subspan(1, length));
    if ((control & 2U) != 0) require(!conversation.turn());
    rest = rest.subspan(1 + length);
  }
  conversation.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 20000) return 0;
  for (const bool splices : {false, true}) converse(data, size, splices);
  return 0;
}
