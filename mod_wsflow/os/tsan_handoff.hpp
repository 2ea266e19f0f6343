#pragma once

#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace wsflow::os {

// Tells ThreadSanitizer that a thread leaves `thing` to the thread that takes it next, where atomics of code
// that was built without it order the two. Nothing in other builds.
inline void leave([[maybe_unused]] void* thing) noexcept {
#if defined(__SANITIZE_THREAD__)
  __tsan_release(thing);
#endif
}
inline void take([[maybe_unused]] void* thing) noexcept {
#if defined(__SANITIZE_THREAD__)
  __tsan_acquire(thing);
#endif
}

}  // namespace wsflow::os
