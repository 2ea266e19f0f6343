#pragma once

#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace wsflow::os {

// One thread leaves `thing` to whichever takes it next. Only ThreadSanitizer needs to be told, where the two
// are ordered by atomics of code that was built without it; otherwise nothing.
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
