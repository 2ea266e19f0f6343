#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mod_wsflow/metrics/catalogue.hpp"
#include "mod_wsflow/shm/counters.hpp"

namespace wsflow::status {

// A number of the catalogue while a format writes it: the part of its path that is still to be written, and
// the counters that it adds up. Each `<label>` of the path that is written narrows them.
struct Entry {
  std::string_view path;
  std::size_t first;              // of the counters
  std::size_t count;              // of the counters
  std::size_t skipped = 0;        // so many values of the next label have no counter here
  bool sparse = false;            // it is left out where it is 0
  const metrics::Times* times{};  // the counters are of these times, which it counts
  bool mean = false;              // the mean of these times instead
};

// The entry of a family's part under this path.
Entry entry_of(const metrics::Family& family, const metrics::Shown& shown, std::string_view path) noexcept;
// All entries that have a path in JSON, or a line in ?auto, in the catalogue's order; those of `leading`
// stand before all others, in the order of `leading`.
std::vector<Entry> json_entries(std::span<const std::string_view> leading);
std::vector<Entry> line_entries(std::span<const std::string_view> leading);

// The entry for one value of a label, by the value's index, under what is left of its path.
Entry narrowed(const Entry& entry, const metrics::Label& label, std::size_t value,
               std::string_view path) noexcept;
std::uint64_t value_of(const Entry& entry, const shm::Counters& counters) noexcept;

// A path with a label in it: "Close codes of <from>s".
struct Pattern {
  std::string_view before;  // the whole path, where it has no label
  std::string_view label;   // empty: none
  std::string_view after;

  static Pattern of(std::string_view path) noexcept;
  std::string with(std::string_view value) const { return std::string(before).append(value).append(after); }
};

}  // namespace wsflow::status
