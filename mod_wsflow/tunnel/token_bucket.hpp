#pragma once

#include <algorithm>
#include <cstdint>

namespace wsflow::tunnel {

// A rate: so much a second, and as much at once. What is taken beyond it becomes a debt that time pays off.
// Moments are milliseconds of a clock that may turn round.
class TokenBucket {
 public:
  // 0: there is no bound.
  TokenBucket(std::uint64_t per_second, std::uint32_t now) noexcept
      : rate_(static_cast<std::int64_t>(std::min(per_second, kMost))), credit_(rate_ * 1000), since_(now) {}

  bool bounded() const noexcept { return rate_ != 0; }
  void take(std::uint64_t amount, std::uint32_t now) noexcept {
    if (!bounded()) return;
    earn(now);
    credit_ -= static_cast<std::int64_t>(std::min(amount, kMost)) * 1000;
  }
  // How much may be taken now without a debt. UINT64_MAX: there is no bound.
  std::uint64_t left(std::uint32_t now) noexcept {
    if (!bounded()) return UINT64_MAX;
    earn(now);
    return credit_ > 0 ? static_cast<std::uint64_t>(credit_ / 1000) : 0;
  }
  // More was taken than there was.
  bool in_debt() const noexcept { return credit_ < 0; }
  // How long it takes until a tenth of a second's worth may be taken, or at least one; 0: now. Less is not
  // worth waking up for.
  std::uint32_t wait(std::uint32_t now) noexcept {
    if (!bounded()) return 0;
    earn(now);
    const auto wanted = std::max<std::int64_t>(rate_ * 100, 1000);
    if (credit_ >= wanted) return 0;
    return static_cast<std::uint32_t>(std::min<std::int64_t>((wanted - 1 - credit_) / rate_ + 1, kLongest));
  }

 private:
  static constexpr std::uint64_t kMost = std::uint64_t{1} << 40U;
  static constexpr std::uint32_t kLongest = 1U << 22U;  // milliseconds; with kMost it stays within 64 bits

  void earn(std::uint32_t now) noexcept {
    const auto elapsed = std::min<std::uint32_t>(now - since_, kLongest);
    since_ = now;
    credit_ = std::min(credit_ + rate_ * elapsed, rate_ * 1000);
  }

  std::int64_t rate_;
  std::int64_t credit_;  // thousandths
  std::uint32_t since_;
};

}  // namespace wsflow::tunnel
