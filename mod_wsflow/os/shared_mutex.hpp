#pragma once

#include <pthread.h>

namespace wsflow::os {

// Initializes a robust mutex in shared memory: when its holder dies, the next one gets it with EOWNERDEAD.
void make_shared_mutex(pthread_mutex_t& mutex) noexcept;

}  // namespace wsflow::os
