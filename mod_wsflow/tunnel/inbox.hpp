#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "mod_wsflow/base/mutex.hpp"
#include "mod_wsflow/os/wakeup.hpp"
#include "mod_wsflow/tunnel/tunnel.hpp"

namespace wsflow::tunnel {

// The state that other threads want a loop to be in.
enum class RunState : std::uint8_t {
  run,
  pause,  // leave everything as it is and return; another thread or a forked process runs the loop again
  stop,   // close every tunnel and return
};

// Closes all tunnels of a loop, evenly at random over `window`.
struct Drain {
  std::uint16_t code;
  base::Millis window;
};

// Other threads leave work for a loop here. The loop's thread calls take(); every thread may call the rest.
class Inbox {
 public:
  struct Mail {
    std::vector<std::unique_ptr<Tunnel>> tunnels;  // to be adopted
    std::optional<Drain> drain;
    bool commands = false;    // look for commands to the tunnels
    bool wall_clock = false;  // the wall clock was set

    bool any() const noexcept { return !tunnels.empty() || drain || commands || wall_clock; }
  };
  // What the loop learns before it waits.
  struct Look {
    RunState run_state;
    bool mail;              // take() has something
    base::Outcome stop_as;  // of the tunnels that a stop ends
  };

  bool valid() const noexcept { return wakeup_.valid(); }
  int fd() const noexcept { return wakeup_.fd(); }

  // False if the loop takes no more; then the tunnel stays with the caller.
  bool post(std::unique_ptr<Tunnel>& tunnel) {
    return change([&](Mail& mail, RunState& run_state) {
      if (run_state == RunState::stop) return false;
      mail.tunnels.push_back(std::move(tunnel));
      return true;
    });
  }
  void post(const Drain& drain) {
    change([&](Mail& mail, RunState&) { return mail.drain = drain, true; });
  }
  void post_wall_clock() {
    change([](Mail& mail, RunState&) { return mail.wall_clock = true; });
  }
  void post_commands() {
    change([](Mail& mail, RunState&) { return mail.commands = true; });
  }
  // During a pause, posts wait for the next run.
  void set_run_state(RunState state) {
    change([&](Mail&, RunState& run_state) {
      if (run_state != RunState::stop) run_state = state;
      return true;
    });
  }
  // Final. The tunnels end as `why`, which only the first call says.
  void stop(base::Outcome why) {
    {
      const base::MutexLock lock(mutex_);
      if (std::exchange(run_state_, RunState::stop) != RunState::stop) stop_as_ = why;
    }
    wakeup_.ring();
  }
  RunState run_state() {
    const base::MutexLock lock(mutex_);
    return run_state_;
  }
  // Appends the descriptors of the inbox and of the tunnels that wait in it.
  void add_descriptors(std::vector<int>& to) {
    to.push_back(fd());
    const base::MutexLock lock(mutex_);
    for (const auto& tunnel : mail_.tunnels) tunnel->add_descriptors(to);
  }
  // Call it before each wait, and take() if there is mail: what is posted from then on ends the wait.
  Look look() {
    const base::MutexLock lock(mutex_);
    awake_.store(false, std::memory_order_relaxed);
    return {.run_state = run_state_, .mail = mail_.any(), .stop_as = stop_as_};
  }
  // Call it behind each wait: the loop will look, so that nobody needs to ring.
  void wake() noexcept { awake_.store(true, std::memory_order_relaxed); }
  // Empties the inbox.
  Mail take() {
    const base::MutexLock lock(mutex_);
    return std::exchange(mail_, {});
  }

 private:
  // Calls `what` with all that the lock guards, and wakes the loop if it returns true. A loop that sleeps is
  // rung for once. wake() needs no lock: look() has the last word, under the lock.
  template <class What>
  bool change(What&& what) {
    {
      const base::MutexLock lock(mutex_);
      if (!what(mail_, run_state_)) return false;
      if (awake_.exchange(true, std::memory_order_relaxed)) return true;
    }
    wakeup_.ring();
    return true;
  }

  os::Wakeup wakeup_;                // owned; the loop watches writes to it, so nobody reads it
  std::atomic<bool> awake_ = false;  // the loop looks before it waits, or was rung for
  base::Mutex mutex_;
  Mail mail_ WSFLOW_GUARDED_BY(mutex_);
  RunState run_state_ WSFLOW_GUARDED_BY(mutex_) = RunState::run;
  base::Outcome stop_as_ WSFLOW_GUARDED_BY(mutex_) = base::Outcome::server_stop;
};

}  // namespace wsflow::tunnel
