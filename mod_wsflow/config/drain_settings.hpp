#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

#include "mod_wsflow/base/parsed.hpp"
#include "mod_wsflow/config/overlay.hpp"

namespace wsflow::config {

// What becomes of tunnels whose process or worker ends: WSFlowDrain. Times in microseconds.
template <template <class> class Field>
struct DrainSettingsOf {
  Field<std::int64_t> deadline{};  // from the reload on; 0: none
  Field<std::int64_t> window{};    // over which the tunnels are closed then
  Field<int> code{};               // of the Close frames
  Field<int> worker_down{};        // of a worker that is down, tunnels to be closed a second; 0: none
  using List = Members<&DrainSettingsOf::deadline, &DrainSettingsOf::window, &DrainSettingsOf::code,
                       &DrainSettingsOf::worker_down>;
};
using PartialDrainSettings = DrainSettingsOf<std::optional>;
using DrainSettings = DrainSettingsOf<Value>;
static_assert(lists_all<PartialDrainSettings>() && std::is_trivially_destructible_v<PartialDrainSettings>);

inline constexpr DrainSettings kDefaultDrain{.deadline = std::int64_t{24} * 3600 * 1'000'000,
                                             .window = std::int64_t{600} * 1'000'000,
                                             .code = 1012,
                                             .worker_down = 0};

// What one "key=value" of WSFlowDrain gives.
base::Parsed<PartialDrainSettings> parse_drain(std::string_view word);

}  // namespace wsflow::config
