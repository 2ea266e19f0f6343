#pragma once

#include <string>

#include "mod_wsflow/stores/redis/redis_socket.hpp"
#include "mod_wsflow/stores/redis/redis_url.hpp"

struct redisContext;

namespace wsflow::redis {

// hiredis has TLS from 1.0 on, in a library of its own.
#ifdef WSFLOW_REDIS_TLS
inline constexpr bool kHasTls = true;
#else
inline constexpr bool kHasTls = false;
#endif

// Shakes hands with the server of `url`, whose certificate must be one that the system trusts, for that host.
// False: see `wrong`.
bool start_tls(redisContext& context, const RedisUrl& url, Deadline deadline, std::string& wrong);

}  // namespace wsflow::redis
