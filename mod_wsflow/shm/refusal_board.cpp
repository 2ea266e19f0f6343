#include "mod_wsflow/shm/refusal_board.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace wsflow::shm {

namespace {

using base::HandshakeRefusal;
using Words = std::array<std::uint64_t, 2>;
using Minute = RefusalBoard::Minute;
using Slot = RefusalBoard::Slot;

constexpr std::int64_t kMinute_us = 60'000'000;
constexpr std::size_t kPlaces = 8;  // in which a client may stand
constexpr std::uint32_t kMost = 0xFF'FFFF;

struct Count {
  std::uint32_t minute;
  std::uint32_t refused;
  std::uint8_t reason;
};
constexpr std::uint64_t pack(const Count& count) noexcept {
  return (std::uint64_t{count.minute} << 32U) | (std::uint64_t{count.refused} << 8U) | count.reason;
}
constexpr Count unpack(std::uint64_t word) noexcept {
  return {.minute = static_cast<std::uint32_t>(word >> 32U),
          .refused = static_cast<std::uint32_t>(word >> 8U) & kMost,
          .reason = static_cast<std::uint8_t>(word)};
}

// From 1 on: 0 is the minute of zeroed memory.
std::uint32_t minute_of(std::int64_t now_us) noexcept {
  return static_cast<std::uint32_t>(now_us / kMinute_us) + 1;
}

// A client has a whole IPv6 network of 64 bits at least.
Words words_of(Address client) noexcept {
  constexpr auto kV4 = Address::v4({});
  if (!std::equal(kV4.bytes.begin(), kV4.bytes.begin() + Address::kV4At, client.bytes.begin()))
    std::fill(client.bytes.begin() + 8, client.bytes.end(), std::uint8_t{0});
  return std::bit_cast<Words>(client);
}

Words words_of(const Slot& slot) noexcept {
  return {slot.client[0].load(std::memory_order_relaxed), slot.client[1].load(std::memory_order_relaxed)};
}

std::size_t first_place(const Words& words) noexcept {
  auto hash = (words[0] ^ (words[1] * 0x9E3779B97F4A7C15U)) * 0xD6E8FEB86659FD93U;
  hash ^= hash >> 32U;
  return hash % RefusalBoard::kSlots;
}

// The half of the board for this minute, emptied by whoever comes first.
Minute& begin(RefusalBoard& board, std::uint32_t minute) noexcept {
  auto& half = board.minutes[minute & 1U];
  auto known = half.minute.load();
  if (known != minute && half.minute.compare_exchange_strong(known, minute)) half.refused.store(0);
  return half;
}

// The place of a client; else one that is free, or whose client has been refused least.
Slot& place_of(Minute& half, const Words& words, std::uint32_t minute) noexcept {
  const auto first = first_place(words);
  Slot* best = nullptr;
  std::uint32_t least = UINT32_MAX;
  for (std::size_t i = 0; i < kPlaces; ++i) {
    auto& slot = half.slots[(first + i) % RefusalBoard::kSlots];
    const auto count = unpack(slot.word.load(std::memory_order_acquire));
    const bool used = count.minute == minute;
    if (used && words_of(slot) == words) return slot;
    const auto refused = used ? count.refused : 0;
    if (refused >= least) continue;
    least = refused;
    best = &slot;
  }
  return *best;
}

}  // namespace

bool count_refused_client(RefusalBoard& board, const Address& client, HandshakeRefusal reason,
                          std::int64_t now_us) noexcept {
  const auto minute = minute_of(now_us);
  auto& half = begin(board, minute);
  half.refused.fetch_add(1, std::memory_order_relaxed);
  const auto words = words_of(client);
  auto& slot = place_of(half, words, minute);
  auto word = slot.word.load(std::memory_order_acquire);
  for (;;) {
    auto count = unpack(word);
    const bool same = count.minute == minute && words_of(slot) == words;
    count = {.minute = minute,
             .refused = same ? std::min(count.refused + 1, kMost) : 1,
             .reason = static_cast<std::uint8_t>(reason)};
    if (!slot.word.compare_exchange_weak(word, pack(count), std::memory_order_acq_rel)) continue;
    if (!same) {
      slot.client[0].store(words[0], std::memory_order_relaxed);
      slot.client[1].store(words[1], std::memory_order_relaxed);
    }
    return count.refused > kRefusedAgain;
  }
}

namespace {

ClientRefusals refusals_in(const Minute& half, std::uint32_t minute, const Words& words) noexcept {
  const auto first = first_place(words);
  for (std::size_t i = 0; i < kPlaces; ++i) {
    const auto& slot = half.slots[(first + i) % RefusalBoard::kSlots];
    const auto count = unpack(slot.word.load(std::memory_order_acquire));
    if (count.minute == minute && words_of(slot) == words && count.reason < base::kHandshakeRefusals)
      return {.refused = count.refused, .reason = static_cast<HandshakeRefusal>(count.reason)};
  }
  return {};
}

RefusalLoops loops_of(const Minute& half, std::uint32_t minute) {
  RefusalLoops loops;
  if (half.minute.load() != minute) return loops;
  loops.refused = half.refused.load(std::memory_order_relaxed);
  for (const auto& slot : half.slots) {
    const auto count = unpack(slot.word.load(std::memory_order_acquire));
    if (count.minute != minute || count.refused <= kRefusedAgain || count.reason >= base::kHandshakeRefusals)
      continue;
    ++loops.clients;
    loops.again += count.refused;
    loops.by_reason[count.reason] += count.refused;
    loops.worst.push_back({.address = std::bit_cast<Address>(words_of(slot)).text(),
                           .refused = count.refused,
                           .reason = static_cast<HandshakeRefusal>(count.reason)});
  }
  std::ranges::sort(loops.worst, std::ranges::greater{}, &RefusalLoops::Client::refused);
  if (loops.worst.size() > RefusalLoops::kWorst) loops.worst.resize(RefusalLoops::kWorst);
  return loops;
}

}  // namespace

std::array<ClientRefusals, 2> refusals_of(const RefusalBoard& board, const Address& client,
                                          std::int64_t now_us) noexcept {
  const auto minute = minute_of(now_us);
  const auto words = words_of(client);
  return {refusals_in(board.minutes[minute & 1U], minute, words),
          refusals_in(board.minutes[(minute - 1) & 1U], minute - 1, words)};
}

RefusalLoops refusal_loops(const RefusalBoard& board, std::int64_t now_us) {
  const auto minute = minute_of(now_us);
  auto now = loops_of(board.minutes[minute & 1U], minute);
  auto before = loops_of(board.minutes[(minute - 1) & 1U], minute - 1);
  return before.again > now.again ? before : now;
}

}  // namespace wsflow::shm
