#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

#include "mod_wsflow/base/mutex.hpp"
#include "mod_wsflow/limits/limiter.hpp"
#include "mod_wsflow/os/poller.hpp"
#include "mod_wsflow/os/wakeup.hpp"

namespace wsflow::limits {

// The wait for a permit of this process. The worker that began it owns it; the wait thread writes `end`.
struct Wait {
  enum class End : std::uint8_t { none, granted, timeout, denied, client_gone };

  PermitRef permit{};
  Micros until = 0;        // when it waits no longer
  int client = -1;         // a socket that tells that the client has left; borrowed, -1: none
  LimitRefusal refused{};  // valid with timeout, denied and client_gone
  std::atomic<End> end{End::none};
  std::uint64_t token = 0;  // written by add()

  // Tells the owner that `end` is set. Called once, by the wait thread.
  virtual void wake() noexcept = 0;

 protected:
  ~Wait() = default;
};

// The thread that watches over the waiting permits of a process: it learns when one is granted, when its time
// is up, and when its client leaves. The main thread starts and stops it.
class WaitThread {
 public:
  // A grant goes unnoticed for so long at most if the process that granted it died before it rang.
  static constexpr Micros kRound = 100'000;

  WaitThread(Limiter& limiter, int bell) noexcept : limiter_(limiter), bell_(bell) {}
  WaitThread(const WaitThread&) = delete;
  WaitThread& operator=(const WaitThread&) = delete;
  ~WaitThread() { stop(); }

  // False if the kernel refuses a descriptor; may throw std::system_error if it refuses a thread.
  bool start();
  void stop() noexcept;

  // Any thread. Between the two the wait thread may use `wait`; wake() may come before add() returns.
  void add(Wait& wait);
  void remove(Wait& wait) noexcept;

 private:
  using Waits = std::unordered_map<std::uint64_t, Wait*>;

  void run();
  // Looks at all waits. Returns the milliseconds until the next look is due, or -1.
  int look(Micros now) WSFLOW_REQUIRES(mutex_);
  void end_denied(Micros now) noexcept WSFLOW_REQUIRES(mutex_);
  // Both hand the wait back to its owner.
  void end(Waits::iterator at, Wait::End how) noexcept WSFLOW_REQUIRES(mutex_);
  void give_up(Waits::iterator at, Wait::End how, LimitReason reason, Micros now) noexcept
      WSFLOW_REQUIRES(mutex_);

  Limiter& limiter_;   // borrowed from the process
  const int bell_;     // borrowed
  os::Poller poller_;  // by the thread
  os::Wakeup inbox_;   // rung by add() and stop()
  base::Mutex mutex_;
  Waits waits_ WSFLOW_GUARDED_BY(mutex_);
  std::uint64_t next_token_ WSFLOW_GUARDED_BY(mutex_) = 1;
  std::vector<PermitRef> permits_;  // by the thread: those that still wait
  std::vector<PermitRef> denied_;   // by the thread: those of them that have no more to wait for
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

}  // namespace wsflow::limits
