#include "mod_wsflow/tunnel/engine.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "mod_wsflow/os/socket.hpp"
#include "t/unit/support/engine_rig.hpp"
#include "t/unit/support/tls_pair.hpp"
#include "t/unit/support/told.hpp"

using namespace wsflow;
using base::Outcome;
using test::bytes_of;
using test::Ended;
using test::EngineRig;

namespace {

tunnel::Options close_after(std::uint32_t ms) {
  tunnel::Options options;
  options.close = ms;
  return options;
}

// The number of descriptors that the epoll instances of this process watch.
std::size_t registrations() {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fdinfo")) {
    std::ifstream info(entry.path());
    for (std::string line; std::getline(info, line);) count += line.rfind("tfd:", 0) == 0 ? 1 : 0;
  }
  return count;
}

}  // namespace

TEST_CASE("hundreds of tunnels echo through the engine, and nothing is left of them", "[engine]") {
  os::raise_descriptor_limit();
  const auto before = test::open_descriptors();
  {
    EngineRig rig(2);
    REQUIRE(rig.engine.start());
    constexpr std::size_t kTunnels = 300;
    std::vector<test::Ends> all;
    for (std::size_t i = 0; i < kTunnels; ++i) all.push_back(rig.open());
    REQUIRE(rig.adopted);
    for (std::size_t i = 0; i < kTunnels; ++i) {
      const auto frame =
          test::frame(ws::Opcode::binary, true, test::pattern(200 + i, static_cast<unsigned>(i)), true);
      REQUIRE(test::send_all(all[i].client.get(), frame));
      const auto arrived = test::receive_exactly(all[i].origin.get(), frame.size());
      REQUIRE(arrived == frame);
      REQUIRE(test::send_all(all[i].origin.get(), arrived));
      REQUIRE(test::receive_exactly(all[i].client.get(), frame.size()) == frame);
    }
    CHECK(rig.process.slot.active == kTunnels);
    CHECK(rig.process.count(metrics::kTunnelsOpened) == kTunnels);
    all.clear();
    CHECK(test::eventually([&] { return rig.all_ended(); }));
    CHECK(rig.process.ended() == kTunnels);
    rig.engine.stop();
  }
  CHECK(test::open_descriptors() == before);
}

TEST_CASE("stop tells every peer 1001 at a boundary and ends the tunnels", "[engine]") {
  EngineRig rig(2);
  REQUIRE(rig.engine.start());
  std::vector<test::Ends> all;
  for (int i = 0; i < 50; ++i) all.push_back(rig.open());
  CHECK(test::eventually([&] { return rig.process.slot.active == 50; }));
  CHECK(rig.engine.running());
  rig.engine.stop();
  CHECK_FALSE(rig.engine.running());
  for (auto& ends : all) {
    const auto to_client = test::receive_to_end(ends.client.get());
    CHECK(to_client.bytes == test::close_with(1001, "server stop"));
    CHECK(to_client.ended == Ended::eof);
    CHECK(test::receive_to_end(ends.origin.get()).bytes.size() == 8 + 11);
  }
  CHECK(rig.all_ended());
  CHECK(rig.process.ended(Outcome::server_stop) == 50);
  test::Ends late;
  auto tunnel = EngineRig::make_tunnel(late);
  CHECK_FALSE(rig.engine.adopt(tunnel));
  CHECK(tunnel != nullptr);
  rig.engine.stop();
}

TEST_CASE("tunnels that wait in the inbox when the engine stops are told too", "[engine]") {
  EngineRig rig;
  const auto ends = rig.open();
  REQUIRE(rig.adopted);
  REQUIRE(rig.engine.start());
  rig.engine.stop();
  CHECK(test::receive_to_end(ends.client.get()).bytes.size() == 4 + 11);
  CHECK(rig.process.ended(Outcome::server_stop) == 1);
}

TEST_CASE("an engine that never started frees what it was given", "[engine]") {
  const auto before = test::open_descriptors();
  {
    EngineRig rig;
    rig.open();
    rig.engine.stop();
  }
  CHECK(test::open_descriptors() == before);
}

TEST_CASE("a side that does not follow is cut off after the close time", "[engine]") {
  const bool client_first = GENERATE(false, true);
  EngineRig rig;
  REQUIRE(rig.engine.start());
  const auto ends = rig.open(close_after(30));
  test::end_stream((client_first ? ends.client : ends.origin).get());
  CHECK(test::eventually([&] { return rig.process.ended() == 1; }));
  CHECK(rig.process.ended(Outcome::close_timeout) == 1);
  CHECK(test::receive_to_end(ends.client.get()).ended != Ended::open);
  CHECK(test::receive_to_end(ends.origin.get()).ended != Ended::open);
}

TEST_CASE("an origin that keeps its socket after both Close frames makes no bad end", "[engine]") {
  EngineRig rig;
  REQUIRE(rig.engine.start());
  const auto ends = rig.open(close_after(30));
  REQUIRE(test::send_all(ends.client.get(), test::frame(ws::Opcode::close, true, {0x03, 0xE8}, true)));
  REQUIRE(test::send_all(ends.origin.get(), test::frame(ws::Opcode::close, true, {0x03, 0xE8})));
  CHECK(test::receive_to_end(ends.client.get()).ended == Ended::eof);
  CHECK(test::eventually([&] { return rig.process.ended() == 1; }));
  CHECK(rig.process.ended(Outcome::closed) == 1);
}

TEST_CASE("an ended tunnel leaves no registration, even if its socket lives on in another descriptor",
          "[engine]") {
  EngineRig rig;
  REQUIRE(rig.engine.start());
  // A forked child has such a duplicate until it calls exec.
  test::Ends ends;
  auto tunnel = EngineRig::make_tunnel(ends, close_after(20));
  const auto copy = os::duplicate(tunnel->endpoint(tunnel::Side::client).stream.fd());
  REQUIRE(rig.engine.adopt(tunnel));
  CHECK(test::eventually([&] { return registrations() == 3; }));
  test::end_stream(ends.origin.get());
  REQUIRE(test::eventually([&] { return rig.process.ended() == 1; }));
  CHECK(test::eventually([&] { return registrations() == 1; }));  // the inbox's
}

TEST_CASE("the kernel learns the time of `stall` soon, of however many new tunnels", "[engine]") {
  os::raise_descriptor_limit();
  EngineRig rig;
  REQUIRE(rig.engine.start());
  constexpr std::size_t kTunnels = 600;  // more than one step of the loop takes
  std::vector<test::Ends> all(kTunnels);
  std::vector<base::UniqueFd> copies;
  for (auto& ends : all) {
    auto pair = test::tcp_pair();
    copies.push_back(os::duplicate(pair.ours.get()));
    auto origin = test::socket_pair();
    ends = {.client = std::move(pair.peer), .origin = std::move(origin.peer)};
    auto tunnel = std::make_unique<tunnel::Tunnel>(tunnel::Tunnel::Parts{.client_fd = std::move(pair.ours),
                                                                         .client_ssl = {},
                                                                         .origin_fd = std::move(origin.ours),
                                                                         .origin_ssl = {},
                                                                         .admission = {}},
                                                   base::now());
    REQUIRE(rig.engine.adopt(tunnel));
  }
  const auto guarded = [](const base::UniqueFd& socket) {
    unsigned ms = 0;
    socklen_t size = sizeof ms;
    ::getsockopt(socket.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, &size);
    return ms == tunnel::kDefaultOptions.stall;
  };
  CHECK(test::eventually([&] { return std::all_of(copies.begin(), copies.end(), guarded); }));
}

TEST_CASE("the end of a tunnel is logged with its id and what passed", "[engine]") {
  EngineRig rig;
  REQUIRE(rig.engine.start());
  auto ends = rig.open();
  const auto frame = test::frame(ws::Opcode::text, true, bytes_of("hello"), true);
  REQUIRE(test::send_all(ends.client.get(), frame));
  REQUIRE(test::receive_exactly(ends.origin.get(), frame.size()) == frame);
  ends = {};
  REQUIRE(test::eventually([&] { return !rig.log.lines().empty(); }));
  const auto line = rig.log.lines().front();
  CHECK(line.id == 103);
  CHECK(line.text.find("tunnel 0000000000000abc ended: ") == 0);
  CHECK(line.text.find("client sent 11 bytes in 1 messages") != std::string::npos);
}

TEST_CASE("TLS on both sides passes through the engine", "[engine][tls]") {
  EngineRig rig;
  REQUIRE(rig.engine.start());
  auto client = test::tls_pair(test::Role::server);
  auto origin = test::tls_pair(test::Role::client);
  os::adopt(client.ours.get(), false);
  os::adopt(origin.ours.get(), false);
  auto tunnel =
      std::make_unique<tunnel::Tunnel>(tunnel::Tunnel::Parts{.client_fd = std::move(client.sockets.ours),
                                                             .client_ssl = std::move(client.ours),
                                                             .origin_fd = std::move(origin.sockets.ours),
                                                             .origin_ssl = std::move(origin.ours),
                                                             .admission = {}},
                                       base::now());
  REQUIRE(rig.engine.adopt(tunnel));
  const auto bytes = test::pattern(1 << 20);
  std::size_t sent = 0;
  test::Received arrived;
  CHECK(test::eventually([&] {
    sent += test::send_some(client.peer.get(), std::span(bytes).subspan(sent));
    test::append(arrived.bytes, test::receive_some(origin.peer.get()).bytes);
    return arrived.bytes.size() >= bytes.size();
  }));
  CHECK(arrived.bytes == bytes);
  rig.engine.stop();
  CHECK(test::receive_some(client.peer.get()).ended == Ended::eof);
}

TEST_CASE("the limit of tunnels is the engine's", "[engine]") {
  EngineRig rig(1, 1);
  const auto place = rig.engine.admission().enter();
  CHECK(static_cast<bool>(place));
  CHECK_FALSE(static_cast<bool>(rig.engine.admission().enter()));
}
