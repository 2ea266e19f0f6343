#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

#include "mod_wsflow/limits/limiter.hpp"
#include "mod_wsflow/os/poller.hpp"
#include "mod_wsflow/os/wakeup.hpp"

namespace wsflow::limits {

// A permit of this process that waits. The worker that began the wait owns it; the watch writes `end`.
struct Wait {
  enum class End : std::uint8_t { none, granted, timeout, client_gone };

  Index permit = 0;
  Micros until = 0;        // when it waits no longer
  int client = -1;         // a socket that tells that the client has left; borrowed, -1: none
  LimitRefusal refused{};  // valid with timeout and client_gone
  std::atomic<End> end{End::none};
  std::uint64_t token = 0;  // the watch's

  // Tells the owner that `end` is set. Called once, by the watch's thread.
  virtual void wake() noexcept = 0;

 protected:
  ~Wait() = default;
};

// The thread that watches over the waiting permits of a process: it learns when one is granted, when its time
// is up, and when its client leaves. Started and stopped by the main thread.
class WaitThread {
 public:
  // How long a grant may go unnoticed if whoever granted it died before the bell rang.
  static constexpr Micros kRound = 100'000;

  WaitThread(Limiter& limiter, int bell) noexcept : limiter_(limiter), bell_(bell) {}
  WaitThread(const WaitThread&) = delete;
  WaitThread& operator=(const WaitThread&) = delete;
  ~WaitThread() { stop(); }

  // False if the kernel refuses a descriptor; may throw std::system_error if it refuses a thread.
  bool start();
  void stop() noexcept;

  // Any thread. Between the two the watch may use `wait`; wake() may come before add() returns.
  void add(Wait& wait);
  void remove(Wait& wait) noexcept;

 private:
  using Waits = std::unordered_map<std::uint64_t, Wait*>;

  void run();
  // Looks at all waits; how long the next look may take to come, in milliseconds, or -1.
  int look(Micros now);
  // Both with the mutex; the wait is the watch's no more.
  void end(Waits::iterator at, Wait::End how) noexcept;
  void give_up(Waits::iterator at, Wait::End how, LimitReason reason, Micros now) noexcept;

  Limiter& limiter_;   // borrowed from the process
  const int bell_;     // borrowed
  os::Poller poller_;  // by the thread
  os::Wakeup inbox_;   // rung by add() and stop()
  std::mutex mutex_;   // of the waits
  Waits waits_;
  std::uint64_t next_token_ = 1;
  std::vector<Index> permits_;  // by the thread: those that still wait
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

}  // namespace wsflow::limits
