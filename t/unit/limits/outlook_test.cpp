#include <catch2/catch.hpp>
#include <cmath>
#include <deque>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "mod_wsflow/limits/limiter.hpp"
#include "t/unit/support/limits_table.hpp"

using namespace wsflow;
using namespace wsflow::limits;

namespace {

struct Told {
  std::uint32_t least = 1'000'000;
  std::uint32_t most = 0;
  void add(std::uint32_t seconds) {
    least = std::min(least, seconds);
    most = std::max(most, seconds);
  }
};

// A limit with a queue, and a clock of its own. What waits for longer than `acquire` is refused.
class Line {
 public:
  Line(std::uint32_t permits, std::uint32_t queue, Micros acquire, double rate = 0) {
    LimitDefinition definition;
    definition.name[0] = 'x';
    definition.settings = {.concurrency = permits, .queue = queue, .rate = rate, .burst = permits};
    definition.acquire = acquire;
    test::define(limiter_, {&definition, 1}, 1, 0, now_);
  }

  // So many a second, each held for so long, for so many seconds.
  Told offer(double rate, double held, double lasts) {
    Told told;
    const auto end = now_ + micros(lasts);
    for (auto next = now_; next < end; next += micros(1 / rate)) {
      pass(next, held, told);
      const Demand demand{.limit = LimitNumber::of(0), .key = make_key(table_->secret, "", true)};
      const auto answer = limiter_.acquire({&demand, 1}, Waiting::parked, now_);
      if (answer.state == PermitState::held) held_.emplace(now_ + micros(held), answer.permit);
      if (answer.state == PermitState::waiting) waiting_.emplace_back(answer.wait_until, answer.permit);
      if (answer.state == PermitState::free) told.add(answer.refused.retry_after);
    }
    return told;
  }
  void pause(double span) {
    Told told;
    pass(now_ + micros(span), 0.001, told);
  }

 private:
  using Dated = std::pair<Micros, PermitRef>;

  static Micros micros(double span) { return std::llround(span * kSecond); }

  // A millisecond at a time: who waits is granted by those who leave.
  void pass(Micros until, double held, Told& told) {
    for (auto time = now_; time < until;) {
      time = std::min(time + 1000, until);
      if (held_.empty() && waiting_.empty()) time = until;
      now_ = time;
      for (; !held_.empty() && held_.top().first <= now_; held_.pop())
        limiter_.release(held_.top().second, held_.top().first);
      for (; !waiting_.empty() && limiter_.state(waiting_.front().second) == PermitState::held;
           waiting_.pop_front())
        held_.emplace(now_ + micros(held), waiting_.front().second);
      for (; !waiting_.empty() && waiting_.front().first <= now_; waiting_.pop_front()) {
        LimitRefusal refused;
        if (limiter_.withdraw(waiting_.front().second, LimitReason::timeout, now_, refused))
          told.add(refused.retry_after);
      }
    }
  }

  test::LimitsTable table_;
  SlotWakeups wakeups_;
  Limiter limiter_{*table_, 3, wakeups_};
  Micros now_ = 1'000 * kSecond;
  std::priority_queue<Dated, std::vector<Dated>, std::greater<>> held_;
  std::deque<Dated> waiting_;
};

}  // namespace

TEST_CASE("who is refused in the first seconds of a spike is told of the queue before it",
          "[limits][outlook]") {
  // 20 a second are served, in a second each: 40 that wait are two seconds of work. What comes back too is
  // three more, and the spread doubles the sum.
  Line line(20, 40, 2 * kSecond);
  const auto begins = GENERATE(0.0, 1.0, 600.0);
  if (begins > 0) {
    line.offer(10, 1, 30);  // it knows how long permits are held, and then there was nothing for long
    line.pause(begins);
  }
  const auto spike = line.offer(60, 1, 4);
  CAPTURE(begins, spike.least, spike.most);
  CHECK(spike.least >= 2);
  CHECK(spike.most <= (begins > 0 ? 14 : 18));
  const auto later = line.offer(60, 1, 20);
  CAPTURE(later.least, later.most);
  CHECK(later.least >= 2);
  CHECK(later.most <= 14);
}

TEST_CASE("permits that are held for hours keep nobody away for longer than two minutes",
          "[limits][outlook]") {
  Line line(300, 1, 0);
  line.offer(1000, 4 * 3600.0, 0.3);
  line.pause(2 * 3600.0);
  const auto before = line.offer(10, 4 * 3600.0, 5);
  CHECK(before.most <= 120);
  CHECK(before.least >= 60);
  line.pause(2.5 * 3600.0);  // all have left, and come again
  line.offer(1000, 4 * 3600.0, 0.3);
  line.pause(600);
  const auto after = line.offer(10, 4 * 3600.0, 5);
  CHECK(after.most <= 120);
  CHECK(after.least >= 10);
}

TEST_CASE("of a rate beside permits, the one that takes longer is told", "[limits][outlook]") {
  Line line(5, 50, 60 * kSecond, 0.1);
  const auto told = line.offer(20, 0.01, 5);
  CHECK(told.least >= 450);  // 50 wait, one is let in within ten seconds
}
