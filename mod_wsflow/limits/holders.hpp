#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mod_wsflow/limits/limiter.hpp"

namespace wsflow::limits {

// Who holds what of the limits. Any process, any thread; they lock for microseconds at a time, so what they
// tell may be a moment old.

// By Index: the permits that are held of this key of a limit, of one that is not configured any more too.
// Nothing if the lock was not to be had.
std::optional<std::vector<bool>> holders_of(Limiter& limiter, std::string_view limit, const Key& key);

// A key of a limit that a permit is held of; its beginning, raw.
struct HeldKey {
  std::string limit;
  std::string text;
  friend bool operator==(const HeldKey&, const HeldKey&) = default;
};
// Of each of these permits all keys that may be shown; of one that is none (0), or has none, nothing.
std::vector<std::vector<HeldKey>> keys_of(Limiter& limiter, std::span<const Index> permits);

}  // namespace wsflow::limits
