#include "mod_wsflow/shm/resources.hpp"

#include <algorithm>

#include "mod_wsflow/base/slow_start.hpp"
#include "mod_wsflow/shm/owner.hpp"

namespace wsflow::shm {

namespace {

// Where a key stands, or could stand; nothing: it has no place, and none is free.
std::optional<std::uint32_t> place_of(const Layout& layout, std::uint64_t key) noexcept {
  for (std::size_t i = 0; i < kResources; ++i) {
    const auto place = (key + i) % kResources;
    const auto found = layout.resources[place].load();
    if (found == key || found == 0) return static_cast<std::uint32_t>(place);
  }
  return std::nullopt;
}

// Whether a child that lives is of the configuration `generation` or an older one, and may still use what it
// names.
bool may_be_used(std::span<const ProcessSlot> slots, std::uint32_t generation) noexcept {
  return std::any_of(slots.begin(), slots.end(), [&](const ProcessSlot& slot) {
    const bool is_child = slot.kind.load() == static_cast<std::uint32_t>(ProcessKind::child);
    return Owner{slot.owner.load()}.pid() != 0 && is_child && slot.generation.load() <= generation;
  });
}

// A place from `from` on whose resource nobody needs any more.
std::optional<std::uint32_t> unneeded(const Layout& layout, std::span<const ProcessSlot> slots,
                                      std::uint32_t from, std::uint32_t generation) noexcept {
  for (auto place = from; place < kResources; ++place) {
    const auto last = layout.named[place].load();
    if (last != generation && held(slots, place) == 0 && !may_be_used(slots, last)) return place;
  }
  return std::nullopt;
}

// Over all processes that live.
template <class Count>
std::uint64_t sum_of(std::span<const ProcessSlot> slots, Count&& count) noexcept {
  std::uint64_t sum = 0;
  for (const auto& slot : slots) {
    if (Owner{slot.owner.load()}.pid() != 0) sum += count(slot);
  }
  return sum;
}

}  // namespace

std::vector<std::optional<std::uint32_t>> name_resources(Layout& layout, std::span<const ProcessSlot> slots,
                                                         std::span<const std::uint64_t> keys,
                                                         std::uint32_t generation, std::int64_t since) {
  std::vector<std::optional<std::uint32_t>> result;
  const auto name = [&](std::optional<std::uint32_t>& place, std::uint64_t key) {
    if (!place) return;
    const bool same = layout.resources[*place].load() == key;
    const bool stayed = same && layout.named[*place].load() + 1 >= generation;
    if (!stayed || since == base::kAlwaysInUse) layout.in_use_since[*place].store(since);
    if (!same) layout.elsewhere[*place].store(0);
    layout.resources[*place].store(key);
    layout.named[*place].store(generation);
  };
  for (const auto key : keys) name(result.emplace_back(place_of(layout, key)), key);
  // All that stays has been named. No place becomes free, so a key is found wherever it stands.
  std::uint32_t next = 0;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (result[i]) continue;
    result[i] = unneeded(layout, slots, next, generation);
    if (!result[i]) break;
    next = *result[i] + 1;
    name(result[i], keys[i]);
  }
  return result;
}

std::uint64_t held(const Layout& layout, std::uint32_t resource) noexcept {
  return held(used_slots(layout, layout.slot_capacity), resource);
}

std::uint64_t held(std::span<const ProcessSlot> slots, std::uint32_t resource) noexcept {
  return sum_of(slots, [&](const ProcessSlot& slot) { return slot.held[resource].load(); });
}

std::uint64_t load(const Layout& layout, std::uint32_t resource) noexcept {
  return sum_of(used_slots(layout, layout.slot_capacity), [&](const ProcessSlot& slot) {
    return std::uint64_t{slot.held[resource].load()} + slot.in_work[resource].load();
  });
}

void set_elsewhere(Layout& layout, std::uint32_t resource, std::uint32_t count, std::int64_t until) noexcept {
  // One word, so that no reader takes the count of one message for the time of another.
  const auto second = static_cast<std::uint32_t>((until + 999) / 1000);
  layout.elsewhere[resource].store((std::uint64_t{second} << 32U) | count, std::memory_order_relaxed);
}

std::uint32_t elsewhere(const Layout& layout, std::uint32_t resource, std::int64_t now) noexcept {
  const auto word = layout.elsewhere[resource].load(std::memory_order_relaxed);
  return now < static_cast<std::int64_t>(word >> 32U) * 1000 ? static_cast<std::uint32_t>(word) : 0;
}

}  // namespace wsflow::shm
