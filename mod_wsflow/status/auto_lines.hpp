#pragma once

#include <string>

#include "mod_wsflow/status/model.hpp"

namespace wsflow::status {

// The status as `Key: value` lines, as server-status?auto has them; each key stands once.
std::string to_auto_lines(const Model& model);

}  // namespace wsflow::status
