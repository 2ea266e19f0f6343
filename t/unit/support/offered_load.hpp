#pragma once

#include <cmath>
#include <cstdint>
#include <deque>
#include <functional>
#include <queue>
#include <random>
#include <utility>
#include <vector>

#include "mod_wsflow/limits/view.hpp"
#include "t/unit/support/limits_table.hpp"

namespace wsflow::test {

enum class Holding : std::uint8_t { fixed, exponential, heavy };
enum class Arriving : std::uint8_t { evenly, at_random, in_bursts };

struct Shape {
  std::uint32_t permits = 300;
  Holding holding = Holding::fixed;
  Arriving arriving = Arriving::evenly;
  double held = 1;         // seconds, on average
  double offered = 750;    // permits that this load would hold on average if there were enough
  double burst_every = 0;  // seconds, with in_bursts
  double burst_lasts = 0;  // likewise
};

// A load that comes to a limit, with a clock of its own; and the same load as if there were no limit, which
// is the truth. Nobody who is refused comes again.
class OfferedLoad {
 public:
  explicit OfferedLoad(const Shape& shape) : shape_(shape) {
    limits::LimitDefinition definition;
    definition.name[0] = 'x';
    definition.settings.concurrency = shape.permits;
    definition.settings.queue = 100;
    definition.acquire = 60 * limits::kSecond;
    define(limiter_, {&definition, 1}, 1, 0, now_);
    next_ = now_ + gap();
  }

  // Until `span` seconds later.
  void run(double span) {
    const auto end = now_ + micros(span);
    while (next_ <= end) {
      arrive(next_);
      next_ += gap();
    }
    pass(end);
  }
  // So many come, one behind the other, and leave so many seconds later.
  void visit(int count, double stay) {
    for (int i = 0; i < count; ++i) {
      const auto answer = ask(limits::Waiting::never);
      pass(now_ + micros(stay));
      limiter_.release(answer.permit, now_);
    }
    next_ = now_ + gap();
  }
  // Those who came first leave, so many.
  void leave(int count) {
    for (; count > 0; held_.pop(), --count) limiter_.release(held_.top().second, now_);
  }
  void wait_in_line(int count) {
    for (int i = 0; i < count; ++i) ask(limits::Waiting::parked);
  }
  void pause(double span) {
    pass(now_ + micros(span));
    next_ = now_ + gap();
  }

  limits::Need told() { return view().need; }
  limits::LimitView view() { return limits::all_limits(limiter_, now_).front(); }
  // What would be inside without a limit: on average since `since` seconds ago, and now.
  double truth(double since) const {
    const auto from = now_ - micros(since);
    double sum = 0;
    for (std::size_t i = 0; i < history_.size(); ++i) {
      const auto until = i + 1 < history_.size() ? history_[i + 1].first : now_;
      const auto span = until - std::max(history_[i].first, from);
      if (span > 0) sum += history_[i].second * static_cast<double>(span);
    }
    return sum / static_cast<double>(now_ - from);
  }
  double truth_now() const { return static_cast<double>(absent_.size()); }

 private:
  using PermitLease = std::pair<limits::Micros, limits::PermitRef>;

  static limits::Micros micros(double span) { return std::llround(span * limits::kSecond); }

  double draw() {
    switch (shape_.holding) {
      case Holding::fixed: break;
      case Holding::exponential: return std::exponential_distribution<>(1 / shape_.held)(random_);
      case Holding::heavy: {
        // Pareto's, of finite variance: most are short, a few are twenty times as long as the mean.
        constexpr double kTail = 2.2;
        const auto share = std::uniform_real_distribution<>(0, 1)(random_);
        return shape_.held * (kTail - 1) / kTail * std::pow(1 - share, -1 / kTail);
      }
    }
    return shape_.held;
  }

  limits::Micros gap() {
    auto each = shape_.held / shape_.offered;
    if (shape_.arriving == Arriving::at_random)
      return std::max<limits::Micros>(micros(std::exponential_distribution<>(1 / each)(random_)), 1);
    if (shape_.arriving == Arriving::evenly) return std::max<limits::Micros>(micros(each), 1);
    const auto size = std::max(1.0, shape_.burst_every / each);
    if (++in_burst_ < size) return std::max<limits::Micros>(micros(shape_.burst_lasts / size), 1);
    in_burst_ = 0;
    return micros(shape_.burst_every - shape_.burst_lasts);
  }

  void note() {
    history_.emplace_back(now_, static_cast<double>(absent_.size()));
    while (history_.size() > 2 && history_[1].first < now_ - 61 * limits::kSecond) history_.pop_front();
  }

  void pass(limits::Micros until) {
    for (; !held_.empty() && held_.top().first <= until; held_.pop())
      limiter_.release(held_.top().second, held_.top().first);
    for (; !absent_.empty() && absent_.top() <= until; absent_.pop()) {
      now_ = absent_.top();
      history_.emplace_back(now_, static_cast<double>(absent_.size() - 1));
    }
    now_ = until;
    note();
  }

  limits::Answer ask(limits::Waiting waiting) {
    const limits::Demand demand{.limit = limits::LimitNumber::of(0),
                                .key = limits::make_key(table_->secret, "", true)};
    return limiter_.acquire({&demand, 1}, waiting, now_);
  }

  void arrive(limits::Micros at) {
    pass(at);
    const auto end = at + micros(draw());
    const auto answer = ask(limits::Waiting::never);
    if (answer.state == limits::PermitState::held) held_.emplace(end, answer.permit);
    absent_.push(end);
    note();
  }

  const Shape shape_;
  LimitsTable table_;
  limits::SlotWakeups wakeups_;
  limits::Limiter limiter_{*table_, 3, wakeups_};
  std::mt19937_64 random_{7};
  limits::Micros now_ = 1'000 * limits::kSecond;
  limits::Micros next_ = 0;
  double in_burst_ = 0;
  std::priority_queue<PermitLease, std::vector<PermitLease>, std::greater<>> held_;
  std::priority_queue<limits::Micros, std::vector<limits::Micros>, std::greater<>> absent_;  // of all
  std::deque<std::pair<limits::Micros, double>> history_;
};

}  // namespace wsflow::test
