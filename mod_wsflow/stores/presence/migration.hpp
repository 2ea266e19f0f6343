#pragma once

#include "mod_wsflow/stores/presence/database.hpp"
#include "mod_wsflow/stores/presence/dialect.hpp"

namespace wsflow::presence {

// Sets up a new connection, and brings the schema to the version of this module. False: the reason is in
// `error`.
bool prepare_database(Database& database, const Dialect& dialect, wsflow_store_error error) noexcept;

}  // namespace wsflow::presence
