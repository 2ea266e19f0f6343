#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "mod_wsflow/os/wakeup.hpp"
#include "mod_wsflow/tunnel/tunnel.hpp"

namespace wsflow::tunnel {

// Where workers leave new tunnels for a loop. post() may be called from every thread, the rest only by the
// loop.
class Inbox {
 public:
  bool valid() const noexcept { return wakeup_.valid(); }
  int fd() const noexcept { return wakeup_.fd(); }

  // False, and the tunnel stays with the caller, if the loop takes no more.
  bool post(std::unique_ptr<Tunnel>& tunnel) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return false;
      waiting_.push_back(std::move(tunnel));
    }
    wakeup_.ring();
    return true;
  }
  // Takes everything out.
  std::vector<std::unique_ptr<Tunnel>> take() {
    wakeup_.clear();
    const std::lock_guard lock(mutex_);
    return std::exchange(waiting_, {});
  }
  // From now on post() refuses; tells the loop to look.
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    wakeup_.ring();
  }
  bool closed() {
    const std::lock_guard lock(mutex_);
    return closed_;
  }

 private:
  os::Wakeup wakeup_;  // owned
  std::mutex mutex_;
  std::vector<std::unique_ptr<Tunnel>> waiting_;  // owned; guarded by mutex_
  bool closed_ = false;                           // guarded by mutex_
};

}  // namespace wsflow::tunnel
