#pragma once

#include <cstddef>
#include <cstdint>

#include "mod_wsflow/limits/rolling_stats.hpp"

namespace wsflow::limits {

// How long those stay who get a permit: learnt from those who have left, and from those who are inside still.
// And who was refused, and when: so many of them would be inside still as those are who came at that time.
// In the shared memory; zeroed: nothing is known.
struct Stays {
  // All who came within some time, which is shorter for those who came of late. Between two cohorts there was
  // nobody.
  struct Cohort {
    Micros first;
    Micros last;
    std::uint32_t held;
    std::uint32_t refused;
  };
  // Those who have left, of those who came since `began`, by how long they stayed: classes of Histogram.
  struct Left {
    Micros began;
    double count;
    double sum_us;
    float counts[Histogram::kClasses];
    double sums_us[Histogram::kClasses];
  };
  static constexpr std::size_t kCohorts = 256;

  // Somebody comes; `held`: he gets a permit.
  void come(bool held, Micros now) noexcept;
  // Somebody leaves who has had a permit since then.
  void leave(Micros since, Micros now) noexcept;

  Left older;  // nothing that is older than its beginning counts
  Left newer;
  std::uint32_t count;
  Cohort cohorts[kCohorts];  // oldest first
};

// Those who were refused: how many would be inside.
class Absent {
 public:
  Absent(const Stays& stays, Micros now) noexcept;
  // Nobody has left yet, so that is not known.
  bool unknown() const noexcept { return steps_ == 0; }
  double at_end() const noexcept;
  // On average, between then and `now`.
  double since(Micros from) const noexcept;

 private:
  // From this age on (microseconds), this share is inside; `area`: of all ages below.
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
  double longest_ = 0;  // nobody is known to have stayed longer
  std::size_t steps_ = 0;
  Step step_[Histogram::kClasses + 1];
};

}  // namespace wsflow::limits
