// The record of mod_wsflow_presence.so. It asks nothing of mod_wsflow.so, which finds the stores by their
// names after both are loaded, in whatever order.

#include "mod_wsflow/stores/presence/database_store.hpp"
#include "mod_wsflow/stores/presence_store.h"
#include "mod_wsflow/stores/store_api.hpp"

namespace {

void register_stores(apr_pool_t* pool) noexcept {
  ap_register_provider(pool, WSFLOW_PRESENCE_STORE, "pgsql", WSFLOW_PRESENCE_STORE_VERSION,
                       &wsflow::presence::kPgsqlStore);
  ap_register_provider(pool, WSFLOW_PRESENCE_STORE, "sqlite3", WSFLOW_PRESENCE_STORE_VERSION,
                       &wsflow::presence::kSqliteStore);
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {
AP_DECLARE_MODULE(wsflow_presence) = {
    STANDARD20_MODULE_STUFF, nullptr, nullptr, nullptr, nullptr, nullptr, register_stores, 0,
};
}
#pragma GCC visibility pop
