// A Tunnel that pings both peers. However they send, with or without answers to the pings: output without the
// frames put in equals input without the pongs taken out, and frames are put in only between frames. Input:
// size of the read buffer, then steps: a byte with the side (bit 0), the action (bits 1, 2) and a length (the
// rest), then as many bytes.
#include "mod_wsflow/tunnel/frame_gate.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "mod_wsflow/tunnel/tunnel.hpp"
#include "t/fuzz/require.hpp"

using namespace wsflow;
using fuzz::require;
using tunnel::FrameGate;
using tunnel::Side;

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr Side kSides[] = {Side::client, Side::origin};
constexpr tunnel::Options kTerms{.idle = 0,
                                 .stall = 0,
                                 .close = 0,
                                 .ping_client = 1000,
                                 .ping_origin = 1000,
                                 .ping_timeout = 0,
                                 .high_watermark = 100};

std::size_t index(Side side) {
  return static_cast<std::size_t>(side);
}

// One peer and its state.
struct Peer {
  explicit Peer(Side side) : said_frames(sender(side)), heard_frames(sender(tunnel::other(side))) {}
  static ws::Sender sender(Side side) {
    return side == Side::client ? ws::Sender::client : ws::Sender::origin;
  }

  base::UniqueFd socket;
  Bytes said;   // without the answers to our pings
  Bytes heard;  // without our pings
  ws::FrameScanner said_frames;
  ws::FrameScanner heard_frames;
  std::array<std::uint8_t, FrameGate::kPingPayload> ping{};
  bool pinged = false;  // and has not answered
};

class Conversation {
 public:
  explicit Conversation(std::size_t buffer) : buffer_(buffer) {
    tunnel::Tunnel::Parts parts;
    parts.client_fd = connect(Side::client);
    parts.origin_fd = connect(Side::origin);
    parts.options = &kTerms;
    tunnel_ = std::make_unique<tunnel::Tunnel>(std::move(parts), now_);
  }

  void say(Side side, std::span<const std::uint8_t> bytes) {
    auto& peer = peers_[index(side)];
    send(side, bytes);
    peer.said.insert(peer.said.end(), bytes.begin(), bytes.end());
    peer.said_frames.scan(bytes, [](const ws::FrameHeader&) {});
  }
  // Answers the last ping, in two pieces.
  void answer(Side side, std::size_t first_piece) {
    auto& peer = peers_[index(side)];
    if (!peer.pinged) return;
    const std::uint32_t key = 0x01020304;
    std::uint8_t frame[6 + FrameGate::kPingPayload];
    const auto size =
        ws::encode_control(frame, ws::Opcode::pong, peer.ping, side == Side::client ? &key : nullptr);
    const std::span<const std::uint8_t> pong(frame, size);
    if (!peer.said_frames.at_boundary()) {
      say(side, pong);
      return;
    }
    peer.pinged = false;
    first_piece %= size;
    send(side, pong.first(first_piece));
    turn();
    send(side, pong.subspan(first_piece));
    turn();
  }
  void wait() {
    now_ += base::Millis(500);
    tunnel_->begin_turn(now_, false);
    for (;;) {
      const auto due = tunnel_->deadline(now_);
      if (due.at > now_) break;
      require(due.what == tunnel::Due::ping);
      require(!tunnel_->meet(due, recorder_));
      hear_pings();
    }
    turn();
  }
  bool turn() {
    bool over = false;
    for (auto before = moved_ + 1; !over && before != moved_;) {
      before = moved_;
      over = one_turn();
    }
    return over;
  }
  void finish() {
    ended_ = true;
    for (auto& peer : peers_) ::shutdown(peer.socket.get(), SHUT_WR);
    bool over = false;
    for (int turns = 0; turns < 100'000 && !over; ++turns) over = one_turn();
    require(over);
    for (const auto side : kSides) {
      hear(side);
      check(side);
    }
  }

 private:
  base::UniqueFd connect(Side side) {
    int fds[2];
    require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    peers_[index(side)].socket = base::UniqueFd(fds[1]);
    return base::UniqueFd(fds[0]);
  }
  void send(Side side, std::span<const std::uint8_t> bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(peers_[index(side)].socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent > 0) {
        bytes = bytes.subspan(static_cast<std::size_t>(sent));
      } else {
        require(!turn());
      }
    }
  }
  bool one_turn() {
    tunnel_->begin_turn(now_, false);
    for (const auto side : kSides) {
      auto& endpoint = tunnel_->endpoint(side);
      endpoint.stream.note_readable(ended_);
      endpoint.read_ready = true;
      endpoint.write_blocked = false;
    }
    for (const auto from : kSides) {
      tunnel_->flush(tunnel::other(from));
      tunnel_->relay(from, buffer_, 4 * buffer_.size(), recorder_);
      moved_ += tunnel_->take_progress() ? 1 : 0;
      hear(tunnel::other(from));
    }
    if (tunnel_->settle()) return true;
    if (!ended_ && !tunnel_->ending()) {
      tunnel_->send_waiting_pings(recorder_);
      hear_pings();
    }
    return false;
  }

  Bytes receive(Side side) {
    Bytes all;
    std::uint8_t bytes[4096];
    for (;;) {
      const auto got = ::recv(peers_[index(side)].socket.get(), bytes, sizeof bytes, 0);
      if (got <= 0) return all;
      all.insert(all.end(), bytes, bytes + got);
    }
  }
  void hear(Side side) {
    auto& peer = peers_[index(side)];
    const auto bytes = receive(side);
    peer.heard.insert(peer.heard.end(), bytes.begin(), bytes.end());
    peer.heard_frames.scan(bytes, [](const ws::FrameHeader&) {});
  }
  // Only pings have been put in.
  void hear_pings() {
    for (const auto side : kSides) {
      auto& peer = peers_[index(side)];
      auto bytes = receive(side);
      const auto count = slot_.counters[metrics::kPings(static_cast<metrics::Direction>(side))].load();
      require(std::exchange(pings_[index(side)], count) + (bytes.empty() ? 0 : 1) == count);
      if (bytes.empty()) continue;
      require(peer.heard_frames.at_boundary());
      const bool masked = side == Side::origin;
      require(bytes.size() == (masked ? 6U : 2U) + FrameGate::kPingPayload && bytes[0] == 0x89);
      for (std::size_t i = 0; i < peer.ping.size(); ++i)
        peer.ping[i] =
            static_cast<std::uint8_t>(bytes[(masked ? 6 : 2) + i] ^ (masked ? bytes[2 + i % 4] : 0));
      peer.pinged = true;
    }
  }
  void check(Side to) {
    const auto& heard = peers_[index(to)].heard;
    const auto& said = peers_[index(tunnel::other(to))].said;
    const auto same = std::min(heard.size(), said.size());
    require(std::equal(heard.begin(), heard.begin() + static_cast<std::ptrdiff_t>(same), said.begin()));
    require(same == said.size() || tunnel_->both_closes_seen());
    // A Close frame of ours may stand at the end.
    if (heard.size() == same) return;
    const std::span<const std::uint8_t> more(heard.data() + same, heard.size() - same);
    require(peers_[index(tunnel::other(to))].said_frames.at_boundary() && tunnel_->our_close(to) != 0);
    require(more[0] == 0x88 && more.size() == ws::header_size(more[1]) + (more[1] & 0x7FU));
  }

  shm::ProcessSlot slot_{};
  metrics::Recorder recorder_{slot_};
  Peer peers_[2] = {Peer(Side::client), Peer(Side::origin)};
  std::uint64_t pings_[2] = {};
  base::Instant now_{};
  std::unique_ptr<tunnel::Tunnel> tunnel_;
  Bytes buffer_;
  std::uint64_t moved_ = 0;
  bool ended_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1 || size > 20000) return 0;
  Conversation conversation(FrameGate::kMaxHead + 1 + data[0]);
  std::span<const std::uint8_t> rest(data + 1, size - 1);
  while (!rest.empty()) {
    const unsigned control = rest[0];
    const auto side = (control & 1U) != 0 ? Side::origin : Side::client;
    const std::size_t number = control >> 3U;
    rest = rest.subspan(1);
    switch ((control >> 1U) & 3U) {
      case 0: conversation.wait(); break;
      case 1: conversation.answer(side, number); break;
      default: {
        const auto length = std::min(number, rest.size());
        conversation.say(side, rest.first(length));
        rest = rest.subspan(length);
        if ((control & 2U) != 0) conversation.turn();
      }
    }
  }
  conversation.finish();
  return 0;
}
