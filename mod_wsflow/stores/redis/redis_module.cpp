// The record of mod_wsflow_redis.so. It asks nothing of mod_wsflow.so, which finds the client by its name
// after both are loaded, in whatever order.

#include "mod_wsflow/stores/redis/redis_connection.hpp"
#include "mod_wsflow/stores/redis_client.h"
#include "mod_wsflow/stores/store_api.hpp"

namespace {

void register_client(apr_pool_t* pool) noexcept {
  ap_register_provider(pool, WSFLOW_REDIS_CLIENT, WSFLOW_REDIS_CLIENT_NAME, WSFLOW_REDIS_CLIENT_VERSION,
                       &wsflow::redis::kClient);
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {
AP_DECLARE_MODULE(wsflow_redis) = {
    STANDARD20_MODULE_STUFF, nullptr, nullptr, nullptr, nullptr, nullptr, register_client, 0,
};
}
#pragma GCC visibility pop
