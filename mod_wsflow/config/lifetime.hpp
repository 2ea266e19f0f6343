#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "mod_wsflow/base/clock.hpp"

namespace wsflow::config {

// When a tunnel must end.

// A lifetime in microseconds that `random` makes longer or shorter by `per_cent` at most, evenly.
base::Millis spread(std::int64_t lifetime, std::int64_t per_cent, std::uint32_t random) noexcept;

// What until= gave: "none", or seconds since 1970, with a fraction or not.
struct Until {
  enum class Kind : std::uint8_t { none, seconds, wrong };
  Kind kind = Kind::wrong;
  std::int64_t seconds = 0;
};
Until parse_until(std::string_view text) noexcept;

}  // namespace wsflow::config
