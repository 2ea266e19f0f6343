#pragma once

#include <string>

#include "mod_wsflow/status/model.hpp"

namespace wsflow::status {

// The status as one JSON object (docs/status-formats.md).
std::string to_json(const Model& model);

}  // namespace wsflow::status
