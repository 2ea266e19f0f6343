#pragma once

// clang's thread safety annotations: -Wthread-safety checks which lock a field or a function needs. Other
// compilers see nothing of them. https://clang.llvm.org/docs/ThreadSafetyAnalysis.html
#ifdef __clang__
#define WSFLOW_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define WSFLOW_THREAD_ANNOTATION(x)
#endif

// A type that is a lock, or that has one.
#define WSFLOW_CAPABILITY(name) WSFLOW_THREAD_ANNOTATION(capability(name))
// A type whose objects hold a lock as long as they live.
#define WSFLOW_SCOPED_CAPABILITY WSFLOW_THREAD_ANNOTATION(scoped_lockable)
// A field that is read and written with the lock.
#define WSFLOW_GUARDED_BY(lock) WSFLOW_THREAD_ANNOTATION(guarded_by(lock))
// The caller of the function has the locks, or has none of them.
#define WSFLOW_REQUIRES(...) WSFLOW_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define WSFLOW_EXCLUDES(...) WSFLOW_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
// The function takes the locks, gives them back, or takes them if it returns its first argument.
#define WSFLOW_ACQUIRE(...) WSFLOW_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define WSFLOW_RELEASE(...) WSFLOW_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define WSFLOW_TRY_ACQUIRE(...) WSFLOW_THREAD_ANNOTATION(try_acquire_capability(__VA_ARGS__))
// The function is not checked: its comment says why.
#define WSFLOW_NO_THREAD_SAFETY_ANALYSIS WSFLOW_THREAD_ANNOTATION(no_thread_safety_analysis)
