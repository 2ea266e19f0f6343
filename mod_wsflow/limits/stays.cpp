#include "mod_wsflow/limits/stays.hpp"

#include <algorithm>
#include <span>

namespace wsflow::limits {

namespace {

using Cohort = Stays::Cohort;

// Clients that come within this time are one cohort from the start.
constexpr Micros kFinest = 1000;
// A new Left begins once the newer one has kEnough stays, and has lasted kTimes mean stays and kLeast.
constexpr double kEnough = 1000;
constexpr double kTimes = 10;
constexpr double kLeast = 10.0 * kSecond;

// The last cohort that has begun.
Cohort& cohort_of(Stays& stays, Micros now) noexcept {
  auto* end = stays.cohorts + stays.count;
  auto* next =
      std::partition_point(stays.cohorts, end, [now](const Cohort& each) { return each.first <= now; });
  return next != stays.cohorts ? next[-1] : *next;
}

// Merges neighbours that are together shorter than a share of their age.
void merge(Stays& stays, Micros now, Micros share) noexcept {
  std::uint32_t kept = 0;
  for (std::uint32_t i = 1; i < stays.count; ++i) {
    auto& last = stays.cohorts[kept];
    const auto& next = stays.cohorts[i];
    const bool border = next.first == stays.older.began || next.first == stays.newer.began;
    if (!border && (next.last - last.first) * share <= now - last.first) {
      last.last = next.last;
      last.held += next.held;
      last.refused += next.refused;
    } else {
      stays.cohorts[++kept] = next;
    }
  }
  stays.count = kept + 1;
}

void begin_cohort(Stays& stays, Micros now) noexcept {
  for (Micros share = 8; stays.count == Stays::kCohorts; share /= 2) merge(stays, now, share);
  stays.cohorts[stays.count++] = {.first = now, .last = now, .held = 0, .refused = 0};
}

void add(Stays::Left& left, Micros span) noexcept {
  const auto index = Histogram::class_of(span);
  left.count += 1;
  left.sum_us += static_cast<double>(span);
  left.counts[index] += 1;
  left.sums_us[index] += static_cast<double>(span);
}

}  // namespace

void Stays::come(bool held, Micros now) noexcept {
  const auto learnt = static_cast<double>(now - newer.began);
  const bool fresh = newer.count >= kEnough && learnt > std::max(kTimes * newer.sum_us / newer.count, kLeast);
  if (fresh && cohorts[count - 1].first < now) {
    older = newer;
    newer = {};
    newer.began = now;
    begin_cohort(*this, now);
  } else if (count == 0 || now >= cohorts[count - 1].first + kFinest) {
    begin_cohort(*this, now);
  }
  auto& cohort = cohort_of(*this, now);
  cohort.last = std::max(cohort.last, now);
  ++(held ? cohort.held : cohort.refused);
}

void Stays::leave(Micros since, Micros now) noexcept {
  if (count == 0) return;
  auto& cohort = cohort_of(*this, since);
  if (cohort.held != 0) --cohort.held;
  if (since >= older.began) add(since >= newer.began ? newer : older, std::max<Micros>(now - since, 0));
}

Absent::Absent(const Stays& stays, Micros now) noexcept : stays_(stays), now_(now) {
  learn(stays);
}

// Kaplan and Meier: `inside` is n(i), `left` d(i).
void Absent::learn(const Stays& stays) noexcept {
  const auto age_of = [&](std::uint32_t i) {
    return static_cast<double>(now_ - (stays.cohorts[i].first + stays.cohorts[i].last) / 2);
  };
  double inside = stays.older.count + stays.newer.count;
  for (std::uint32_t i = stays.count; i-- > 0;) {
    if (stays.cohorts[i].held == 0) continue;
    longest_ = std::max(longest_, static_cast<double>(now_ - stays.cohorts[i].first));
    if (stays.cohorts[i].first >= stays.older.began) inside += stays.cohorts[i].held;
  }
  if (stays.older.count + stays.newer.count == 0) return;
  step_[steps_++] = {.age = 0, .share = 1, .area = 0};
  auto young = stays.count;  // from it on, younger than the age that is looked at
  for (std::size_t i = 0; i < Histogram::kClasses; ++i) {
    const auto left = static_cast<double>(stays.older.counts[i]) + static_cast<double>(stays.newer.counts[i]);
    if (left == 0) continue;
    const auto age = (stays.older.sums_us[i] + stays.newer.sums_us[i]) / left;
    for (; young > 0 && age_of(young - 1) < age; --young) {
      if (stays.cohorts[young - 1].first >= stays.older.began) inside -= stays.cohorts[young - 1].held;
    }
    const auto& last = step_[steps_ - 1];
    step_[steps_++] = {.age = age,
                       .share = last.share * (1 - left / std::max(inside, left)),
                       .area = last.area + last.share * (age - last.age)};
    inside -= left;
    longest_ = std::max(longest_, age);
  }
}

const Absent::Step& Absent::step_of(double age) const noexcept {
  const auto known = std::span(step_).first(steps_);
  const auto next =
      std::partition_point(known.begin(), known.end(), [age](const Step& each) { return each.age <= age; });
  return next != known.begin() ? next[-1] : known.front();
}

double Absent::area(double age) const noexcept {
  const auto until = std::min(age, longest_);
  const auto& step = step_of(until);
  return step.area + step.share * std::max(until - step.age, 0.0);
}

// Spreads each cohort over its time.
template <class Value>
double Absent::sum(Value&& value) const noexcept {
  constexpr int kParts = 4;
  double result = 0;
  for (std::uint32_t i = 0; i < stays_.count; ++i) {
    const auto& each = stays_.cohorts[i];
    if (each.refused == 0) continue;
    const auto part = static_cast<double>(each.last - each.first) / kParts;
    for (int k = 0; k < kParts; ++k) {
      const auto age = static_cast<double>(now_ - each.first) - part * (k + 0.5);
      result += each.refused * value(std::max(age, 0.0)) / kParts;
    }
  }
  return result;
}

double Absent::at_end() const noexcept {
  return sum([this](double age) { return unknown() ? 1 : share(age); });
}

double Absent::since(Micros from) const noexcept {
  const auto span = static_cast<double>(std::max<Micros>(now_ - from, 1));
  return sum([this, span](double age) {
           const auto before = std::max(age - span, 0.0);
           return unknown() ? age - before : area(age) - area(before);
         }) /
         span;
}

}  // namespace wsflow::limits
