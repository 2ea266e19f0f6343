#pragma once

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
  // `stop` is final. During a pause, posts wait for the next run.
  void set_run_state(RunState state) {
    change([&](Mail&, RunState& run_state) {
      if (run_state != RunState::stop) run_state = state;
      return true;
    });
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
  // Empties the inbox.
  Mail take() {
    wakeup_.clear();
    const base::MutexLock lock(mutex_);
    return std::exchange(mail_, {});
  }

 private:
  // Calls `what` with all that the lock guards, and wakes the loop if it returns true.
  template <class What>
  bool change(What&& what) {
    {
      const base::MutexLock lock(mutex_);
      if (!what(mail_, run_state_)) return false;
    }
    wakeup_.ring();
    return true;
  }

  os::Wakeup wakeup_;  // owned
  base::Mutex mutex_;
  Mail mail_ WSFLOW_GUARDED_BY(mutex_);
  RunState run_state_ WSFLOW_GUARDED_BY(mutex_) = RunState::run;
};

}  // namespace wsflow::tunnel
