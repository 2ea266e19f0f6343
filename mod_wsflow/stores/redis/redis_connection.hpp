#pragma once

#include "mod_wsflow/stores/redis_client.h"

namespace wsflow::redis {

// The client of redis_client.h, over hiredis.
extern const wsflow_redis_client kClient;

}  // namespace wsflow::redis
