#pragma once

#include <cstdint>
#include <string>

#include "mod_wsflow/limits/view.hpp"

namespace wsflow::status {

// The texts about a limit that all formats share.

// The number of refusals, for all reasons together.
std::uint64_t refused(const limits::LimitView& view) noexcept;
// The text of a key, raw; "#" and 16 hexadecimal digits if it must not be shown.
std::string shown(const limits::KeyView& key);
// The number of permits that the load needs: "needs about 23 permits (mean of 55 s: 20 held and 2.9 for the
// refused; now 21, at most 24 at a time)".
std::string advice(const limits::Need& need, bool keyed);

// A number as people write it, with at most `digits` digits: "20", "0.5", "1.14".
std::string decimal(double value, int digits = 3);
// "10/s", "off"
std::string rate_text(double rate);

}  // namespace wsflow::status
