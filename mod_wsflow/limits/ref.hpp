#pragma once

#include <atomic>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace wsflow::limits {

// Refers to a Record of the table: its number, from 0 on, + 1, so that zeroed memory refers to none. Trivial,
// as all that is in the shared memory: `Ref()` and `{}` are none, `Ref x;` is not initialised.
template <class Record>
class Ref {
 public:
  Ref() = default;
  static constexpr Ref of(std::size_t number) noexcept {
    Ref result{};
    result.word_ = static_cast<std::uint32_t>(number + 1);
    return result;
  }

  constexpr explicit operator bool() const noexcept { return word_ != 0; }
  // Only of a record.
  constexpr std::uint32_t number() const noexcept { return word_ - 1; }
  friend constexpr auto operator<=>(Ref, Ref) noexcept = default;

 private:
  std::uint32_t word_;
};

struct Entry;
struct PermitRecord;
struct Waiter;
struct LimitRecord;
using EntryRef = Ref<Entry>;
using PermitRef = Ref<PermitRecord>;
using WaiterRef = Ref<Waiter>;
using LimitNumber = Ref<LimitRecord>;

static_assert(sizeof(EntryRef) == 4 && alignof(EntryRef) == 4 && std::is_trivial_v<EntryRef> &&
              std::is_standard_layout_v<EntryRef> && std::atomic<EntryRef>::is_always_lock_free);

}  // namespace wsflow::limits
