#include "mod_wsflow/limits/gcra.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

using namespace wsflow::limits;

namespace {

constexpr Micros kBegin = 1'000 * kSecond;

// How many are admitted from `from` to `to` if there is always one who wants it.
int admitted(const Gcra& pace, Micros& arrival, Micros from, Micros to) {
  int count = 0;
  for (auto now = from; now < to; now = std::max(now, pace.next(arrival))) {
    arrival = pace.admit(arrival, now);
    ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("a full bucket lets a burst through, and then the rate", "[limits][gcra]") {
  const auto rate = GENERATE(0.5, 1.0, 3.0, 20.0, 333.0);
  const auto burst = GENERATE(1U, 2U, 50U);
  CAPTURE(rate, burst);
  const Gcra pace{rate, burst};
  Micros arrival = 0;
  CHECK(Gcra::full(arrival, kBegin));
  CHECK(admitted(pace, arrival, kBegin, kBegin + 1000) == static_cast<int>(burst));
  CHECK_FALSE(Gcra::full(arrival, kBegin + 1000));
  const auto later = admitted(pace, arrival, pace.next(arrival), kBegin + 100 * kSecond);
  CHECK(std::abs(later - std::lround(100 * rate)) <= 1);
  CHECK(Gcra::full(arrival, arrival));
}

TEST_CASE("the next admission is due exactly when it is said", "[limits][gcra]") {
  const Gcra pace{4, 2};
  auto arrival = pace.admit(pace.admit(0, kBegin), kBegin);
  CHECK(pace.next(arrival) == kBegin + 250'000);
  CHECK(pace.admit(arrival, kBegin + 250'000) == kBegin + 750'000);
}

TEST_CASE("nothing is saved up beyond the burst", "[limits][gcra]") {
  const Gcra pace{10, 3};
  Micros arrival = pace.admit(0, kBegin);
  const auto later = kBegin + 3600 * kSecond;
  CHECK(admitted(pace, arrival, later, later + 99'000) == 3);
  CHECK(pace.next(arrival) == later + 100'000);
}

TEST_CASE("the fastest and the slowest rates have room in their numbers", "[limits][gcra]") {
  const Gcra fast{kMost, kMost};
  CHECK(fast.admit(kBegin, kBegin) == kBegin + 1);
  CHECK(fast.next(kBegin) == kBegin - (kMost - 1));
  const Gcra slow{0.1 / 3600, kMost};
  CHECK(slow.admit(0, kBegin) == kBegin + 36'000 * kSecond);
  CHECK(slow.next(kBegin) < kBegin - kMost * kSecond);
}

TEST_CASE("a ramp grows from a tenth to the whole", "[limits][gcra]") {
  CHECK(ramp_share(kBegin, 0, kBegin) == 1);
  CHECK(ramp_share(kBegin, 10 * kSecond, kBegin - 1) == Approx(0.1));
  CHECK(ramp_share(kBegin, 10 * kSecond, kBegin) == Approx(0.1));
  CHECK(ramp_share(kBegin, 10 * kSecond, kBegin + 5 * kSecond) == Approx(0.55));
  CHECK(ramp_share(kBegin, 10 * kSecond, kBegin + 10 * kSecond) == Approx(1));
  CHECK(ramp_share(kBegin, 10 * kSecond, kBegin + 3600 * kSecond) == 1);
}

TEST_CASE("a debt is converted to a higher rate, and is none beyond an empty bucket", "[limits][gcra]") {
  const Gcra pace{2, 4};
  CHECK(pace.convert(kBegin - 1, 0.5, kBegin) == kBegin - 1);
  CHECK(pace.convert(kBegin + 4 * kSecond, 0.5, kBegin) == kBegin + kSecond / 2);
  CHECK(pace.convert(kBegin + kSecond, 0.5, kBegin) == kBegin);
  // Four admissions owed are all that there can be; a little later is the clock of others.
  CHECK(pace.forgive(kBegin + 2 * kSecond, kBegin) == kBegin + 2 * kSecond);
  CHECK(pace.forgive(kBegin + 6 * kSecond, kBegin) == kBegin + 6 * kSecond);
  const auto forgiven = pace.forgive(kBegin + 3600 * kSecond, kBegin);
  CHECK(pace.next(forgiven) == kBegin);
  CHECK(pace.admit(forgiven, kBegin) == kBegin + 2 * kSecond);
}

TEST_CASE("a bucket that becomes another one keeps what is in it, and gets nothing with that") {
  const Gcra small{.rate = 5, .burst = 5};
  const Gcra large{.rate = 10, .burst = 10};
  const Micros now = 100 * kSecond;
  const auto left = [now](const Gcra& bucket, Micros arrival) {
    int count = 0;
    for (; bucket.next(arrival) <= now; ++count) arrival = bucket.admit(arrival, now);
    return count;
  };
  CHECK(left(small, now) == 5);
  CHECK(left(large, large.carry(now, small, now)) == 5);
  CHECK(left(small, small.carry(now, large, now)) == 5);
  CHECK(left(large, large.carry(small.admit(small.admit(now, now), now), small, now)) == 3);
  CHECK(left(large, large.carry(now, {.rate = 0, .burst = 0}, now)) == 0);
  CHECK(large.next(large.carry(now, {.rate = 0, .burst = 0}, now)) == now + kSecond / 10);
}
