#pragma once

#include <span>
#include <string_view>

#include "mod_wsflow/status/catalogue_entry.hpp"
#include "mod_wsflow/status/json_writer.hpp"

namespace wsflow::status {

// Writes these entries as members of the object that is open: a segment of a path is a key, a label one for
// each of its values.
void write_entries(Writer& writer, const shm::Counters& counters, std::span<const Entry> entries);
// Writes those of them whose path begins with `name` as an object of this name.
void write_object(Writer& writer, const shm::Counters& counters, std::span<const Entry> entries,
                  std::string_view name);
// Those of them whose path begins with `name`, under the rest of their path.
std::vector<Entry> entries_in(std::span<const Entry> entries, std::string_view name);

}  // namespace wsflow::status
