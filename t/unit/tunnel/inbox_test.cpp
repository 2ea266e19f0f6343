#include "mod_wsflow/tunnel/inbox.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "t/unit/support/engine_rig.hpp"

using namespace wsflow;
using tunnel::Inbox;
using tunnel::RunState;

namespace {

// The number of rings since the last call. The loop does not read it: it sees each write as an edge.
std::uint64_t rings(const Inbox& inbox) {
  std::uint64_t count = 0;
  return ::read(inbox.fd(), &count, sizeof count) == sizeof count ? count : 0;
}

std::unique_ptr<tunnel::Tunnel> any_tunnel() {
  test::Ends ends;
  return test::EngineRig::make_tunnel(ends);
}

}  // namespace

TEST_CASE("what is posted is taken out in order, and the bell rings once for all of it", "[inbox]") {
  Inbox inbox;
  REQUIRE(inbox.valid());
  CHECK_FALSE(inbox.look().mail);
  CHECK(rings(inbox) == 0);
  auto first = any_tunnel();
  auto second = any_tunnel();
  const auto* first_address = first.get();
  CHECK(inbox.post(first));
  CHECK(first == nullptr);
  CHECK(inbox.post(second));
  CHECK(rings(inbox) == 1);
  CHECK(inbox.look().mail);
  const auto mail = inbox.take();
  REQUIRE(mail.tunnels.size() == 2);
  CHECK(mail.tunnels[0].get() == first_address);
  CHECK_FALSE(mail.drain);
  CHECK_FALSE(mail.commands);
  CHECK_FALSE(inbox.look().mail);
  CHECK(inbox.take().tunnels.empty());
}

TEST_CASE("a loop that is awake is not rung for, one that sleeps again is", "[inbox]") {
  Inbox inbox;
  inbox.look();
  inbox.wake();
  inbox.post_commands();
  CHECK(rings(inbox) == 0);
  CHECK(inbox.look().mail);
  // Posted between a look and the take(): the take() may have it, and the wait must end all the same.
  inbox.post_wall_clock();
  CHECK(rings(inbox) == 1);
  inbox.take();
  inbox.post_commands();
  CHECK(rings(inbox) == 0);  // the ring before it has not ended a wait yet
  inbox.wake();
  CHECK(inbox.look().mail);
  inbox.take();
  inbox.post({.code = 1012, .window = base::Millis(1)});
  CHECK(rings(inbox) == 1);
}

TEST_CASE("a drain and commands are taken out once", "[inbox]") {
  Inbox inbox;
  inbox.post({.code = 1012, .window = base::Millis(500)});
  CHECK(inbox.look().mail);
  auto mail = inbox.take();
  REQUIRE(mail.drain);
  CHECK(mail.drain->code == 1012);
  CHECK(mail.drain->window == base::Millis(500));
  CHECK_FALSE(mail.commands);

  inbox.post_commands();
  CHECK(inbox.look().mail);
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
    CHECK(rings(inbox) == 1);
    const auto look = inbox.look();
    CHECK(look.run_state == state);
    CHECK_FALSE(look.mail);
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
