#pragma once

#include "mod_wsflow/stores/presence_store.h"

namespace wsflow::presence {

extern const wsflow_presence_store kPgsqlStore;
extern const wsflow_presence_store kSqliteStore;

}  // namespace wsflow::presence
