// Of many processes one looks after the dead, whichever it is and whatever becomes of it.
#include <catch2/catch.hpp>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/shm/reaper.hpp"
#include "mod_wsflow/shm/segment.hpp"
#include "t/unit/support/child_process.hpp"
#include "t/unit/support/shared_segment.hpp"
#include "t/unit/support/wait.hpp"

using namespace wsflow;

namespace {

constexpr std::int64_t kNow = 10'000'000;

std::int64_t now_ms() {
  return base::now().time_since_epoch().count();
}

// What the caretaker of a process does each time that it looks.
void look(shm::Layout& layout) {
  if (shm::claim_round(layout, now_ms())) shm::reap_all(layout);
}

}  // namespace

TEST_CASE("in each second one process reaps, however many ask", "[reap]") {
  const test::SharedSegment segment;
  for (std::int64_t second = 0; second < 10; ++second) {
    int rounds = 0;
    for (std::int64_t process = 0; process < 100; ++process)
      rounds += shm::claim_round(*segment, kNow + second * shm::kReapSpan_ms + process * 10) ? 1 : 0;
    CHECK(rounds == 1);
  }
}

TEST_CASE("a moment that nobody can have claimed holds up no round", "[reap]") {
  const test::SharedSegment segment;
  segment->next_reap_ms = INT64_MAX;
  CHECK(shm::claim_round(*segment, kNow));
  CHECK_FALSE(shm::claim_round(*segment, kNow + 1));
}

TEST_CASE("a reaper that is stopped or killed is replaced within two spans", "[reap]") {
  const test::SharedSegment segment;
  auto* slot = shm::claim(*segment, test::owner(11), 1, 0);
  REQUIRE(slot != nullptr);
  const int signal = GENERATE(SIGSTOP, SIGKILL);
  test::ChildProcess reaper([&] { return shm::claim_round(*segment, now_ms()) && ::raise(signal) == 0; });
  int status = 0;
  REQUIRE(::waitpid(reaper.pid(), &status, signal == SIGSTOP ? WUNTRACED : 0) == reaper.pid());
  CHECK_FALSE(shm::claim_round(*segment, now_ms()));
  const auto start = now_ms();
  CHECK(test::eventually([&] {
    look(*segment);
    return slot->owner == 0;
  }));
  CHECK(now_ms() - start < 2 * shm::kReapSpan_ms);
}

TEST_CASE("to look at the living needs no lock", "[reap]") {
  const test::SharedSegment segment;
  REQUIRE(shm::claim(*segment, shm::Owner::self(), 1, 0) != nullptr);
  REQUIRE(pthread_mutex_trylock(&segment->lock) == 0);
  CHECK(shm::reap_all(*segment) == 0);
  REQUIRE(pthread_mutex_unlock(&segment->lock) == 0);
}
