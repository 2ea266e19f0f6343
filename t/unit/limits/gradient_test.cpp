#include "mod_wsflow/limits/gradient.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <queue>
#include <random>
#include <vector>

using namespace wsflow::limits;

namespace {

constexpr std::uint32_t kMany = 10'000;  // clients: more than there are permits

template <class Value>
using Soonest = std::priority_queue<Value, std::vector<Value>, std::greater<>>;

// An origin that serves `servers` requests at a time, first come first served, behind a limit whose permits
// are all wanted as long as `clients` are enough.
class Origin {
 public:
  Origin(std::size_t servers, Micros service, std::uint32_t concurrency)
      : service_(service), concurrency_(concurrency), free_({}, std::vector<Micros>(servers, 0)) {}

  void run(Micros span, std::uint32_t clients) {
    for (const auto end = now_ + span; now_ < end;) {
      while (in_flight_.size() < std::min(clients, concurrency_)) grant();
      peak_ = std::max(peak_, static_cast<std::uint32_t>(in_flight_.size()));
      const auto done = in_flight_.top();
      in_flight_.pop();
      now_ = done.when;
      gradient_.sample(done.span);
      concurrency_ = gradient_.decide(concurrency_, 1, 1000, peak_, now_);
      if (gradient_.decided == now_) peak_ = 0;
    }
  }
  void slow_down(double factor) { service_ = std::llround(static_cast<double>(service_) * factor); }

  std::uint32_t concurrency() const { return concurrency_; }
  const Gradient& gradient() const { return gradient_; }

 private:
  struct Done {
    Micros when;
    Micros span;
    bool operator>(const Done& other) const { return when > other.when; }
  };

  // Each service takes half to one and a half of the mean.
  void grant() {
    const auto share = 0.5 + static_cast<double>(random_() % 1000) / 1000;
    const auto done = std::max(free_.top(), now_) + std::llround(static_cast<double>(service_) * share);
    free_.pop();
    free_.push(done);
    in_flight_.push({done, done - now_});
  }

  Micros service_;
  std::uint32_t concurrency_;
  std::uint32_t peak_ = 0;
  Soonest<Micros> free_;  // when each server is
  Micros now_ = 1'000'000'000;
  Gradient gradient_{};
  std::minstd_rand random_{42};
  Soonest<Done> in_flight_;
};

}  // namespace

TEST_CASE("the concurrency settles near what the origin can serve at a time", "[limits][gradient]") {
  const auto [servers, from] = GENERATE(
      table<std::uint32_t, std::uint32_t>({{20, 6}, {20, 20}, {20, 100}, {100, 30}, {100, 100}, {100, 500}}));
  const auto service = GENERATE(Micros{250'000}, Micros{1'000'000});
  CAPTURE(servers, from, service);
  Origin origin(servers, service, from);
  origin.run(180 * kSecond, kMany);
  for (int i = 0; i < 6; ++i) {
    origin.run(10 * kSecond, kMany);
    CHECK(origin.concurrency() >= servers * 6 / 10);
    CHECK(origin.concurrency() <= servers * 14 / 10 + 1);
  }
}

TEST_CASE("load that comes after a quiet time is held at once", "[limits][gradient]") {
  Origin origin(20, 100'000, 100);
  origin.run(60 * kSecond, 10);
  CHECK(origin.concurrency() == 100);
  CHECK(origin.gradient().why == Gradient::Why::idle);
  origin.run(30 * kSecond, kMany);
  CHECK(origin.concurrency() >= 20);
  CHECK(origin.concurrency() <= 29);
  CHECK(origin.gradient().after == origin.concurrency());
  CHECK(origin.gradient().min_rtt < 110'000);
}

TEST_CASE("a quiet time leaves the concurrency", "[limits][gradient]") {
  Origin origin(20, 100'000, 20);
  origin.run(180 * kSecond, kMany);
  origin.run(5 * kSecond, 9);
  const auto settled = origin.concurrency();
  CHECK(settled >= 20);
  origin.run(600 * kSecond, 9);
  CHECK(origin.concurrency() == settled);
}

TEST_CASE("an origin that has become slower for good keeps more than half", "[limits][gradient]") {
  const auto factor = GENERATE(1.4, 3.0);
  Origin origin(100, 100'000, 100);
  origin.run(180 * kSecond, kMany);
  origin.slow_down(factor);
  origin.run(180 * kSecond, kMany);
  CAPTURE(factor);
  CHECK(origin.concurrency() >= 50);
  CHECK(origin.concurrency() <= 141);
}

TEST_CASE("too few requests decide nothing", "[limits][gradient]") {
  Gradient gradient{};
  Micros now = 100 * kSecond;
  for (int i = 0; i < 9; ++i) gradient.sample(5'000);
  CHECK(gradient.decide(10, 1, 100, 10, now) == 10);
  CHECK(gradient.why == Gradient::Why::idle);
  gradient.sample(5'000);
  CHECK(gradient.decide(10, 1, 100, 10, now + Gradient::kInterval - 1) == 10);
  CHECK(gradient.samples == 10);
  CHECK(gradient.decide(10, 1, 100, 10, now + Gradient::kInterval) != 10);
  CHECK(gradient.samples == 0);
}

TEST_CASE("the bounds hold whatever is measured", "[limits][gradient]") {
  Gradient gradient{};
  Micros now = 100 * kSecond;
  CHECK(gradient.decide(3, 5, 50, 0, now) == 5);
  CHECK(gradient.decide(80, 5, 50, 0, now) == 50);
  std::uint32_t concurrency = 20;
  std::minstd_rand random(7);
  std::uint32_t least = 1000;
  std::uint32_t most = 0;
  for (int i = 0; i < 2000; ++i) {
    now += Gradient::kInterval;
    // Spells of quick and of slow answers, some of no time at all.
    const Micros span = i / 100 % 2 == 0 ? 0 : static_cast<Micros>(random() % 3'000'000);
    for (int n = 0; n < 10; ++n) gradient.sample(span);
    concurrency = gradient.decide(concurrency, 5, 50, concurrency, now);
    least = std::min(least, concurrency);
    most = std::max(most, concurrency);
  }
  CHECK(least == 5);
  CHECK(most == 50);
}
