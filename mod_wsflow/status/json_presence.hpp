#pragma once

#include <span>

#include "mod_wsflow/status/catalogue_entry.hpp"
#include "mod_wsflow/status/json_writer.hpp"
#include "mod_wsflow/status/model.hpp"

namespace wsflow::status {

// The object `presence`. `entries`: its counters.
void write_presence(Writer& writer, const Model& model, std::span<const Entry> entries);

}  // namespace wsflow::status
