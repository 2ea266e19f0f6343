#pragma once

// WSFLOW_ASSERT(condition) states what the code around it relies on. Debug and sanitizer builds check it: a
// false condition is written to stderr with its file and line, and the process aborts. Other builds compile
// the condition and evaluate nothing. A macro, as only a macro knows the text of the condition.
#if !defined(NDEBUG) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WSFLOW_ASSERTS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define WSFLOW_ASSERTS 1
#endif
#endif

#ifdef WSFLOW_ASSERTS
#define WSFLOW_ASSERT(...)                 \
  (static_cast<bool>(__VA_ARGS__) ? void() \
                                  : ::wsflow::base::assertion_failed(__FILE__, __LINE__, #__VA_ARGS__))
#else
#define WSFLOW_ASSERT(...) static_cast<void>(sizeof(static_cast<bool>(__VA_ARGS__)))
#endif

namespace wsflow::base {

#ifdef WSFLOW_ASSERTS
inline constexpr bool kAsserts = true;

// Writes one line to stderr, without the buffers of stdio, and aborts.
[[noreturn]] void assertion_failed(const char* file, int line, const char* condition) noexcept;
#else
inline constexpr bool kAsserts = false;
#endif

}  // namespace wsflow::base
