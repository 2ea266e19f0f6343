#pragma once

#include <string>

#include "mod_wsflow/status/model.hpp"

namespace wsflow::status {

// The limits with the forms that change them, for the page.
std::string limits_with_forms(const Model& model);
// The limits as one table.
std::string limits_table(const Model& model);

}  // namespace wsflow::status
