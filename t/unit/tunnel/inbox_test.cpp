#include "mod_wsflow/tunnel/inbox.hpp"

#include <poll.h>

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "t/unit/support/engine_rig.hpp"

using namespace wsflow;
using tunnel::Inbox;
using tunnel::RunState;

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
  const auto mail = inbox.take();
  REQUIRE(mail.tunnels.size() == 2);
  CHECK(mail.tunnels[0].get() == first_address);
  CHECK_FALSE(mail.drain);
  CHECK_FALSE(mail.commands);
  CHECK_FALSE(rings(inbox));
  CHECK(inbox.take().tunnels.empty());
}

TEST_CASE("a drain and commands are taken out once", "[inbox]") {
  Inbox inbox;
  inbox.post({.code = 1012, .window = base::Millis(500)});
  CHECK(rings(inbox));
  auto mail = inbox.take();
  REQUIRE(mail.drain);
  CHECK(mail.drain->code == 1012);
  CHECK(mail.drain->window == base::Millis(500));
  CHECK_FALSE(mail.commands);

  inbox.post_commands();
  CHECK(rings(inbox));
  mail = inbox.take();
  CHECK(mail.commands);
  CHECK_FALSE(mail.drain);
  mail = inbox.take();
  CHECK_FALSE(mail.commands);
}

TEST_CASE("every state wakes the loop, and a stop is final", "[inbox]") {
  Inbox inbox;
  CHECK(inbox.run_state() == RunState::run);
  for (const auto state : {RunState::pause, RunState::run, RunState::stop}) {
    inbox.set_run_state(state);
    CHECK(inbox.run_state() == state);
    CHECK(rings(inbox));
    inbox.take();
  }
  for (const auto state : {RunState::pause, RunState::run}) {
    inbox.set_run_state(state);
    CHECK(inbox.run_state() == RunState::stop);
  }
}

TEST_CASE("an inbox that is to stop leaves the tunnel with its owner, one that is to pause keeps it",
          "[inbox]") {
  Inbox inbox;
  auto before = any_tunnel();
  CHECK(inbox.post(before));
  inbox.set_run_state(RunState::pause);
  auto during = any_tunnel();
  CHECK(inbox.post(during));
  inbox.set_run_state(RunState::stop);
  auto tunnel = any_tunnel();
  CHECK_FALSE(inbox.post(tunnel));
  CHECK(tunnel != nullptr);
  CHECK(inbox.take().tunnels.size() == 2);  // what came before is still taken
}

TEST_CASE("the descriptors of an inbox are its bell and those of the tunnels in it", "[inbox]") {
  Inbox inbox;
  auto tunnel = any_tunnel();
  std::vector<int> expected{7, inbox.fd()};
  tunnel->add_descriptors(expected);
  CHECK(expected.size() == 4);
  inbox.post(tunnel);
  std::vector<int> found{7};
  inbox.add_descriptors(found);
  CHECK(found == expected);
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
  CHECK(test::eventually([&] { return (taken += inbox.take().tunnels.size()) == 200; }));
  for (auto& thread : threads) thread.join();
  CHECK(inbox.take().tunnels.empty());
}
