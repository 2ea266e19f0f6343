#include "mod_wsflow/limits/deferred_release.hpp"

#include <bit>

#include "mod_wsflow/limits/grant.hpp"
#include "mod_wsflow/limits/limiter.hpp"
#include "mod_wsflow/limits/recoverable.hpp"

namespace wsflow::limits {

namespace {

constexpr std::size_t kBits = 64;

void set(std::atomic<std::uint64_t>& word, std::size_t bit) noexcept {
  word.fetch_or(std::uint64_t{1} << (bit % kBits));
}

// Clears a word, and calls `visit` for each bit that was set.
template <class Visit>
void take(std::atomic<std::uint64_t>& word, Visit&& visit) noexcept {
  for (auto bits = word.exchange(0); bits != 0; bits &= bits - 1) {
    visit(static_cast<std::size_t>(std::countr_zero(bits)));
  }
}

}  // namespace

void announce(Table& table, PermitRef permit) noexcept {
  const std::size_t number = permit.number();
  set(table.returned_bits[number / kBits], number);
  set(table.returned_middle[number / kBits / kBits], number / kBits);
  set(table.returned_top, number / kBits / kBits);
}

bool any_announced(Table& table) noexcept {
  // A read-modify-write, so that this and announce() are in one order, with the unlocking before this and the
  // trying after announce(). If this is first, the trying finds the lock free, or a holder who looks later.
  return table.returned_top.fetch_or(0) != 0;
}

void collect(LockedTable table, Lock& lock) noexcept {
  const auto time = now();
  take(table->returned_top, [&](std::size_t top) {
    take(table->returned_middle[top], [&](std::size_t middle) {
      const auto word = top * kBits + middle;
      take(table->returned_bits[word], [&](std::size_t bit) {
        const auto ref = PermitRef::of(word * kBits + bit);
        // A bit may be left from a permit that was freed by other means.
        if (state_of(table[ref]) == PermitState::returned) give_back(table, lock, ref, time);
      });
    });
  });
}

}  // namespace wsflow::limits
