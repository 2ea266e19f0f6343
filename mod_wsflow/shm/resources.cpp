#include "mod_wsflow/shm/resources.hpp"

#include "mod_wsflow/shm/owner.hpp"

namespace wsflow::shm {

std::optional<std::uint32_t> resource(Layout& layout, std::uint64_t key) noexcept {
  if (key == 0) return std::nullopt;
  for (std::size_t i = 0; i < kResources; ++i) {
    const auto place = (key + i) % kResources;
    std::uint64_t found = 0;
    if (layout.resources[place].compare_exchange_strong(found, key) || found == key) {
      return static_cast<std::uint32_t>(place);
    }
  }
  return std::nullopt;
}

std::uint64_t held(const Layout& layout, std::uint32_t resource) noexcept {
  std::uint64_t sum = 0;
  const auto count = layout.slots_seen.load();
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto& slot = slots(layout)[i];
    if (Owner{slot.owner.load()}.pid() != 0) sum += slot.held[resource].load();
  }
  return sum;
}

}  // namespace wsflow::shm
