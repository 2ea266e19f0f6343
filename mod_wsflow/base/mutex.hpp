#pragma once

#include <mutex>

#include "mod_wsflow/base/thread_annotations.hpp"

namespace wsflow::base {

// std::mutex, known to clang's thread safety analysis.
class WSFLOW_CAPABILITY("mutex") Mutex {
 public:
  void lock() WSFLOW_ACQUIRE() { mutex_.lock(); }
  bool try_lock() WSFLOW_TRY_ACQUIRE(true) { return mutex_.try_lock(); }
  void unlock() WSFLOW_RELEASE() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

// Holds a mutex as long as it lives.
class WSFLOW_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) WSFLOW_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() WSFLOW_RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Holds a mutex as long as it lives, if the mutex was free when it began: its value says so.
class WSFLOW_SCOPED_CAPABILITY MutexTryLock {
 public:
  explicit MutexTryLock(Mutex& mutex) WSFLOW_EXCLUDES(mutex) : mutex_(mutex), held_(mutex.try_lock()) {}
  ~MutexTryLock() WSFLOW_RELEASE() {
    if (held_) mutex_.unlock();
  }
  MutexTryLock(const MutexTryLock&) = delete;
  MutexTryLock& operator=(const MutexTryLock&) = delete;

  explicit operator bool() const noexcept WSFLOW_TRY_ACQUIRE(true) { return held_; }

 private:
  Mutex& mutex_;
  const bool held_;
};

}  // namespace wsflow::base
