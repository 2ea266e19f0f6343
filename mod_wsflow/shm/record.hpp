#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

namespace wsflow::shm {

// Some facts that any process puts down, reads and removes, without a lock. `state` is 0: free; kSet and
// since when the facts stand (base::now_us()); or else the word of the Owner that writes them: if that one is
// gone, it is free.
template <class Facts>
struct Record {
  static_assert(std::is_trivially_copyable_v<Facts> && sizeof(Facts) % 8 == 0);
  using Words = std::array<std::uint64_t, sizeof(Facts) / 8>;

  std::atomic<std::uint64_t> state;
  std::atomic<std::uint64_t> words[sizeof(Facts) / 8];
};
inline constexpr std::uint64_t kSet = std::uint64_t{1} << 63U;

// The facts of a record, and its state while they stood there.
template <class Facts>
struct Reading {
  std::int64_t since_us() const noexcept { return static_cast<std::int64_t>(state & ~kSet); }

  Facts facts;
  std::uint64_t state;
};

template <class Facts>
std::optional<Reading<Facts>> read(const Record<Facts>& record) noexcept {
  const auto state = record.state.load(std::memory_order_acquire);
  if ((state & kSet) == 0) return std::nullopt;
  typename Record<Facts>::Words words;
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = record.words[i].load(std::memory_order_acquire);
  if (record.state.load() != state) return std::nullopt;
  return Reading<Facts>{std::bit_cast<Facts>(words), state};
}

// The caller may write the record, until set().
template <class Facts>
bool take(Record<Facts>& record, std::uint64_t self, bool (*gone)(std::uint64_t) noexcept) noexcept {
  auto state = record.state.load();
  if ((state & kSet) != 0 || (state != 0 && !gone(state))) return false;
  return record.state.compare_exchange_strong(state, self);
}
template <class Facts>
void set(Record<Facts>& record, const Facts& facts, std::int64_t since_us) noexcept {
  const auto words = std::bit_cast<typename Record<Facts>::Words>(facts);
  for (std::size_t i = 0; i < words.size(); ++i) record.words[i].store(words[i], std::memory_order_release);
  record.state.store(kSet | static_cast<std::uint64_t>(since_us));
}

// Frees a record that is still as it was read. Whether it was.
template <class Facts>
bool remove(Record<Facts>& record, const Reading<Facts>& reading) noexcept {
  auto state = reading.state;
  return record.state.compare_exchange_strong(state, 0);
}

// A text in a fixed size: cut to fit, and a byte 0 ends it.
template <std::size_t Size>
std::array<char, Size> packed(std::string_view text) noexcept {
  std::array<char, Size> result{};
  text.copy(result.data(), Size);
  return result;
}
template <std::size_t Size>
std::string_view unpacked(const std::array<char, Size>& text) noexcept {
  const std::string_view whole(text.data(), Size);
  return whole.substr(0, whole.find('\0'));
}

}  // namespace wsflow::shm
