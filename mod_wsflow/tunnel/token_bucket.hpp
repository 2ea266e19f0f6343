#pragma once

#include <algorithm>
#include <cstdint>

namespace wsflow::tunnel {

// A token bucket (J. Turner, "New directions in communications", 1986; rate and depth as in RFC 2215, 3.6).
// Its depth is the tokens of one second:
//
//   tokens(t) = min(rate, tokens(t0) + rate * (t - t0))
//
// take() may overdraw it: the tokens become negative, and time pays the debt off. Moments are stamps:
// milliseconds modulo 2^32. One thread.
class TokenBucket {
 public:
  // `per_second` of 0: no bound.
  TokenBucket(std::uint64_t per_second, std::uint32_t now) noexcept
      : rate_(static_cast<std::int64_t>(std::min(per_second, kMaxRate))),
        millitokens_(rate_ * 1000),
        refilled_at_(now) {}

  bool bounded() const noexcept { return rate_ != 0; }
  void take(std::uint64_t amount, std::uint32_t now) noexcept {
    if (!bounded()) return;
    refill(now);
    millitokens_ -= static_cast<std::int64_t>(std::min(amount, kMaxRate)) * 1000;
  }
  // Whole tokens that can be taken without a debt. UINT64_MAX: no bound.
  std::uint64_t left(std::uint32_t now) noexcept {
    if (!bounded()) return UINT64_MAX;
    refill(now);
    return millitokens_ > 0 ? static_cast<std::uint64_t>(millitokens_ / 1000) : 0;
  }
  bool in_debt() const noexcept { return millitokens_ < 0; }
  // Milliseconds until the tokens of a tenth of a second, or at least one, can be taken; fewer are not worth
  // a wake-up.
  std::uint32_t wait(std::uint32_t now) noexcept {
    if (!bounded()) return 0;
    refill(now);
    const auto wanted = std::max<std::int64_t>(rate_ * 100, 1000);
    if (millitokens_ >= wanted) return 0;
    return static_cast<std::uint32_t>(
        std::min<std::int64_t>((wanted - 1 - millitokens_) / rate_ + 1, kLongest));
  }

 private:
  static constexpr std::uint64_t kMaxRate = std::uint64_t{1} << 40U;
  static constexpr std::uint32_t kLongest = 1U << 22U;  // milliseconds; times kMaxRate it fits into 64 bits

  void refill(std::uint32_t now) noexcept {
    const auto elapsed = std::min<std::uint32_t>(now - refilled_at_, kLongest);
    refilled_at_ = now;
    millitokens_ = std::min(millitokens_ + rate_ * elapsed, rate_ * 1000);
  }

  std::int64_t rate_;         // tokens a second, and the depth of the bucket; 0: no bound
  std::int64_t millitokens_;  // negative: a debt
  std::uint32_t refilled_at_;
};

}  // namespace wsflow::tunnel
