#include "mod_wsflow/os/thread_name.hpp"

#include <pthread.h>

namespace wsflow::os {

void name_thread(std::thread& thread, const char* name) noexcept {
  ::pthread_setname_np(thread.native_handle(), name);
}

}  // namespace wsflow::os
