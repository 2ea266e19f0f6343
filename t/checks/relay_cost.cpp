// What relay_cost.py counts: COUNT messages from a client to an origin, one after the other.
//   relay_cost small|large|limited COUNT   125 bytes, 64 KiB, 125 bytes under a message limit: one turn of a
//   tunnel each relay_cost loop COUNT                  125 bytes through an engine: one wake-up of its event
//   loop each
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <charconv>
#include <cstdio>
#include <string_view>
#include <vector>

#include "t/unit/support/engine_rig.hpp"

namespace wsflow::test {
namespace {

using tunnel::Side;

constexpr std::size_t kSmall = 125;
constexpr std::size_t kLarge = 64UL * 1024;
constexpr tunnel::Options kLimited{.messages = {{{.message = 1UL << 20}, {.message = 1UL << 20}}}};

// What an event loop does in a turn; the caller has sent a message. Not a member and not inlined: its name
// starts and ends the counting.
extern "C" [[gnu::noinline]] void relay_cost_turn(tunnel::Tunnel& tunnel, std::span<std::uint8_t> buffer,
                                                  metrics::Recorder& recorder) {
  auto& client = tunnel.endpoint(Side::client);
  client.stream.note_readable(false);
  client.read_ready = true;
  tunnel.begin_turn(base::Instant{}, false);
  for (const auto side : {Side::client, Side::origin}) {
    tunnel.flush(tunnel::other(side));
    tunnel.relay(side, buffer, tunnel::EventLoop::kBudget, recorder);
  }
  tunnel.settle();
  tunnel.take_progress();
}

// One byte of the message at its place is enough: what arrives is tested elsewhere.
bool arrives(int fd, std::span<const std::uint8_t> message) {
  const auto got = receive_exactly(fd, message.size());
  return got.size() == message.size() && got.back() == message.back();
}

bool by_hand(std::size_t size, const tunnel::Options& options, unsigned count) {
  CountedProcess process;
  Ends ends;
  const auto tunnel = EngineRig::make_tunnel(ends, options, base::Instant{});
  const auto message = frame(ws::Opcode::binary, true, pattern(size), true);
  Bytes buffer(tunnel::EventLoop::kReadBuffer);
  for (unsigned i = 0; i < count; ++i) {
    if (!send_all(ends.client.get(), message)) return false;
    relay_cost_turn(*tunnel, buffer, process.recorder);
    if (!arrives(ends.origin.get(), message)) return false;
  }
  return true;
}

// By TCP without delays: no event but the arrival of a message wakes the loop. (A socket pair that has been
// read wakes its writer.)
Connection prompt_pair() {
  auto pair = tcp_pair();
  const int on = 1;
  for (const int fd : {pair.ours.get(), pair.peer.get()}) {
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  return pair;
}

bool through_a_loop(unsigned count) {
  EngineRig rig;
  auto client = prompt_pair();
  auto origin = prompt_pair();
  auto tunnel = std::make_unique<tunnel::Tunnel>(tunnel::Tunnel::Parts{.client_fd = std::move(client.ours),
                                                                       .client_ssl = {},
                                                                       .origin_fd = std::move(origin.ours),
                                                                       .origin_ssl = {},
                                                                       .admission = {}},
                                                 base::now());
  if (!rig.engine.start() || !rig.engine.adopt(tunnel)) return false;
  const auto message = frame(ws::Opcode::binary, true, pattern(kSmall), true);
  for (unsigned i = 0; i < count; ++i) {
    if (!send_all(client.peer.get(), message) || !arrives(origin.peer.get(), message)) return false;
  }
  rig.engine.stop();
  return true;
}

bool run(std::string_view what, unsigned count) {
  if (what == "small") return by_hand(kSmall, {}, count);
  if (what == "large") return by_hand(kLarge, {}, count);
  if (what == "limited") return by_hand(kSmall, kLimited, count);
  return what == "loop" && through_a_loop(count);
}

}  // namespace
}  // namespace wsflow::test

int main(int argc, char** argv) {
  unsigned count = 0;
  const std::string_view number = argc == 3 ? argv[2] : "";
  const auto parsed = std::from_chars(number.data(), number.data() + number.size(), count);
  if (parsed.ec != std::errc{} || !wsflow::test::run(argv[1], count)) {
    std::fputs("usage: relay_cost small|large|limited|loop COUNT; or a message did not arrive\n", stderr);
    return 2;
  }
  return 0;
}
