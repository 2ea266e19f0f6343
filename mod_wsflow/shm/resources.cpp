#include "mod_wsflow/shm/resources.hpp"

#include <algorithm>

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

}  // namespace

std::vector<std::optional<std::uint32_t>> name_resources(Layout& layout, std::span<const ProcessSlot> slots,
                                                         std::span<const std::uint64_t> keys,
                                                         std::uint32_t generation) {
  std::vector<std::optional<std::uint32_t>> result;
  const auto name = [&](std::optional<std::uint32_t>& place, std::uint64_t key) {
    if (!place) return;
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
  std::uint64_t sum = 0;
  for (const auto& slot : slots) {
    if (Owner{slot.owner.load()}.pid() != 0) sum += slot.held[resource].load();
  }
  return sum;
}

}  // namespace wsflow::shm
