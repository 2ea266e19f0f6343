#pragma once

#include <cstdint>
#include <string>

#include "mod_wsflow/flow/view.hpp"

namespace wsflow::status {

// What all formats say of a limit in the same words.

// Refused for any reason.
std::uint64_t refused(const flow::LimitView& view) noexcept;
// The text of a key, raw; "#" and 16 hexadecimal digits where it is not to be shown.
std::string shown(const flow::KeyView& key);
// How many permits the measured load needs, by Little's law: "needs about 23 permits (20.1/s x 1.14 s)".
std::string advice(const flow::LimitView& view);

// As people write them, with so many digits: "20", "0.5", "1.14".
std::string decimal(double value, int digits = 3);
// "10/s", "off"
std::string rate_text(double rate);

}  // namespace wsflow::status
