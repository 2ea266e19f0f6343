#include "mod_wsflow/tunnel/inbox.hpp"

#include <poll.h>

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "t/unit/support/engine_rig.hpp"

using namespace wsflow;
using tunnel::Inbox;

namespace {

bool rings(const Inbox& inbox) {
  pollfd one{.fd = inbox.fd(), .events = POLLIN, .revents = 0};
  return ::poll(&one, 1, 0) == 1;
}

std::unique_ptr<tunnel::Tunnel> any_tunnel() {
  test::Ends ends;
  return test::EngineRig::make_tunnel(ends);
}

}  // namespace

TEST_CASE("what is posted is taken out in order, and the bell rings until then", "[inbox]") {
  Inbox inbox;
  REQUIRE(inbox.valid());
  CHECK_FALSE(rings(inbox));
  auto first = any_tunnel();
  auto second = any_tunnel();
  const auto* first_address = first.get();
  CHECK(inbox.post(first));
  CHECK(first == nullptr);
  CHECK(inbox.post(second));
  CHECK(rings(inbox));
  const auto taken = inbox.take();
  REQUIRE(taken.size() == 2);
  CHECK(taken[0].get() == first_address);
  CHECK_FALSE(rings(inbox));
  CHECK(inbox.take().empty());
}

TEST_CASE("a closed inbox leaves the tunnel with its owner", "[inbox]") {
  Inbox inbox;
  auto before = any_tunnel();
  CHECK(inbox.post(before));
  CHECK_FALSE(inbox.closed());
  inbox.close();
  CHECK(inbox.closed());
  CHECK(rings(inbox));
  auto tunnel = any_tunnel();
  CHECK_FALSE(inbox.post(tunnel));
  CHECK(tunnel != nullptr);
  CHECK(inbox.take().size() == 1);  // what came before is still taken
}

TEST_CASE("an inbox that dies frees what nobody took", "[inbox]") {
  const auto before = test::open_descriptors();
  {
    Inbox inbox;
    auto tunnel = any_tunnel();
    inbox.post(tunnel);
  }
  CHECK(test::open_descriptors() == before);
}

TEST_CASE("threads that post at the same time lose nothing", "[inbox]") {
  Inbox inbox;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&inbox] {
      for (int n = 0; n < 50; ++n) {
        auto tunnel = any_tunnel();
        inbox.post(tunnel);
      }
    });
  }
  std::size_t taken = 0;
  CHECK(test::eventually([&] { return (taken += inbox.take().size()) == 200; }));
  for (auto& thread : threads) thread.join();
  CHECK(inbox.take().empty());
}
