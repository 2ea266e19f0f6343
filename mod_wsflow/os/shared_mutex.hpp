#pragma once

#include <pthread.h>

namespace wsflow::os {

// Makes a mutex that processes share, and that goes to the next one when its holder dies (EOWNERDEAD).
void make_shared_mutex(pthread_mutex_t& mutex) noexcept;

}  // namespace wsflow::os
