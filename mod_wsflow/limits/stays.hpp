#pragma once

#include <cstddef>
#include <cstdint>

#include "mod_wsflow/limits/rolling_stats.hpp"

namespace wsflow::limits {

// The stays of clients that got a permit, ended and not, and the arrivals of clients that were refused.
// Absent computes from them how many of the refused would be inside. In the shared memory; zeroed: nothing is
// known.
struct Stays {
  // All clients that came within some time: a shorter one for those that came of late. Between two cohorts
  // nobody came.
  struct Cohort {
    Micros first;
    Micros last;
    std::uint32_t held;
    std::uint32_t refused;
  };
  // Of the clients that came since `began`, those that have left, by the length of their stays: classes of
  // Histogram.
  struct Left {
    Micros began;
    double count;
    double sum_us;
    float counts[Histogram::kClasses];
    double sums_us[Histogram::kClasses];
  };
  static constexpr std::size_t kCohorts = 256;

  // A client comes; `held`: it gets a permit.
  void come(bool held, Micros now) noexcept;
  // A client leaves that has had a permit since then.
  void leave(Micros since, Micros now) noexcept;

  Left older;  // clients that came before it began do not count
  Left newer;
  std::uint32_t count;
  Cohort cohorts[kCohorts];  // oldest first
};

// How many of the refused clients would be inside: r clients that were refused at an age a ago count as
// r * S(a), where S(a) is the share of stays that are longer than a.
//
// S is the product-limit estimator of Kaplan and Meier: E. L. Kaplan, P. Meier, "Nonparametric Estimation
// from Incomplete Observations", Journal of the American Statistical Association 53 (1958), 457-481,
// https://doi.org/10.1080/01621459.1958.10501452. With d(i) stays that ended at the age a(i), and n(i) stays
// that reached it, ended or not:
//
//   S(a) = product over all a(i) <= a of (1 - d(i) / n(i))
//
// Stays that go on are its censored observations: they count in n(i) up to their age. Two differences: ages
// are classes, each with its mean (Stays::Left); and beyond the longest stay that is known, S is 0.
class Absent {
 public:
  Absent(const Stays& stays, Micros now) noexcept;
  // True: nobody has left yet, so S is not known.
  bool unknown() const noexcept { return steps_ == 0; }
  // The number at `now`.
  double at_end() const noexcept;
  // The mean number between `from` and `now`.
  double since(Micros from) const noexcept;

 private:
  // S from this age on (microseconds); `area`: the integral of S up to it.
  struct Step {
    double age;
    double share;
    double area;
  };

  void learn(const Stays& stays) noexcept;
  const Step& step_of(double age) const noexcept;
  double share(double age) const noexcept { return age < longest_ ? step_of(age).share : 0; }
  double area(double age) const noexcept;
  template <class Value>
  double sum(Value&& value) const noexcept;

  const Stays& stays_;  // borrowed
  const Micros now_;
  double longest_ = 0;  // of all stays that are known
  std::size_t steps_ = 0;
  Step step_[Histogram::kClasses + 1];
};

}  // namespace wsflow::limits
