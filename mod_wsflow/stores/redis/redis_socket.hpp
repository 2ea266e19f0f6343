#pragma once

#include <chrono>
#include <string>

#include "mod_wsflow/stores/redis/redis_url.hpp"

namespace wsflow::redis {

using Clock = std::chrono::steady_clock;
using Deadline = Clock::time_point;

// Waits until `fd` can be read or, with `write`, written, or has ended. False: the deadline has passed.
bool wait_until_ready(int fd, bool write, Deadline deadline) noexcept;

// A connected socket that does not block and is closed on exec, or -1 with the reason in `wrong`. Only the
// look-up of a name has a time-out of its own, that of the resolver.
int connect_socket(const RedisUrl& url, Deadline deadline, std::string& wrong);

}  // namespace wsflow::redis
