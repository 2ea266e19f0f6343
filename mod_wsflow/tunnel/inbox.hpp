#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

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
    return change([&] {
      if (run_state_ == RunState::stop) return false;
      mail_.tunnels.push_back(std::move(tunnel));
      return true;
    });
  }
  void post(const Drain& drain) {
    change([&] { return mail_.drain = drain, true; });
  }
  void post_wall_clock() {
    change([&] { return mail_.wall_clock = true; });
  }
  void post_commands() {
    change([&] { return mail_.commands = true; });
  }
  // `stop` is final. During a pause, posts wait for the next run.
  void set_run_state(RunState state) {
    change([&] {
      if (run_state_ != RunState::stop) run_state_ = state;
      return true;
    });
  }
  RunState run_state() {
    const std::lock_guard lock(mutex_);
    return run_state_;
  }
  // Appends the descriptors of the inbox and of the tunnels that wait in it.
  void add_descriptors(std::vector<int>& to) {
    to.push_back(fd());
    const std::lock_guard lock(mutex_);
    for (const auto& tunnel : mail_.tunnels) tunnel->add_descriptors(to);
  }
  // Empties the inbox.
  Mail take() {
    wakeup_.clear();
    const std::lock_guard lock(mutex_);
    return std::exchange(mail_, {});
  }

 private:
  // Calls `what` under the lock, and wakes the loop if it returns true.
  template <class What>
  bool change(What&& what) {
    {
      const std::lock_guard lock(mutex_);
      if (!what()) return false;
    }
    wakeup_.ring();
    return true;
  }

  os::Wakeup wakeup_;  // owned
  std::mutex mutex_;
  Mail mail_;                           // guarded by mutex_
  RunState run_state_ = RunState::run;  // guarded by mutex_
};

}  // namespace wsflow::tunnel
