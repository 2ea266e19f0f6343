#pragma once

#include "mod_wsflow/base/assert.hpp"

#ifdef WSFLOW_ASSERTS
#include <atomic>
#include <thread>
#endif

namespace wsflow::base {

// Notes the one thread that may use an object, for WSFLOW_ASSERT. Any thread may ask. Empty, and always
// content, in builds without assertions.
class ThreadOwner {
 public:
#ifdef WSFLOW_ASSERTS
  // This thread is the owner from now on.
  void set() noexcept {
    owner_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  }
  void clear() noexcept {
    owner_.store({}, std::memory_order_relaxed);
  }
  // This thread is the owner.
  bool here() const noexcept {
    return load() == std::this_thread::get_id();
  }
  bool none() const noexcept {
    return load() == std::thread::id();
  }

 private:
  std::thread::id load() const noexcept {
    return owner_.load(std::memory_order_relaxed);
  }

  std::atomic<std::thread::id> owner_{};
#else
  void set() noexcept {}
  void clear() noexcept {}
  bool here() const noexcept {
    return true;
  }
  bool none() const noexcept {
    return true;
  }
#endif
};

// Makes this thread the owner for a scope. Pre: there is none.
class OwnedByThisThread {
 public:
  explicit OwnedByThisThread(ThreadOwner& owner) noexcept : owner_(owner) {
    WSFLOW_ASSERT(owner.none());
    owner_.set();
  }
  ~OwnedByThisThread() { owner_.clear(); }
  OwnedByThisThread(const OwnedByThisThread&) = delete;
  OwnedByThisThread& operator=(const OwnedByThisThread&) = delete;

 private:
  ThreadOwner& owner_;  // borrowed
};

}  // namespace wsflow::base
