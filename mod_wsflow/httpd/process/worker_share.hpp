#pragma once

#include <atomic>
#include <utility>

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/os/wakeup.hpp"
#include "mod_wsflow/tunnel/worker_bounds.hpp"

namespace wsflow::httpd {

// The bounds that follow from the worker threads of the MPM and of mod_http2.
tunnel::WorkerBounds worker_bounds(server_rec* main) noexcept;

// Counts the tunnels of this process that hold worker threads against their bounds, and tells them when the
// process ends. Any thread.
class WorkerShare {
 public:
  explicit WorkerShare(const tunnel::WorkerBounds& bounds) noexcept : bounds_(bounds) {}

  class Lease {
   public:
    Lease() noexcept = default;
    Lease(Lease&& other) noexcept
        : share_(std::exchange(other.share_, nullptr)), connection_(other.connection_) {}
    Lease& operator=(Lease&& other) noexcept {
      std::swap(share_, other.share_);
      std::swap(connection_, other.connection_);
      return *this;
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease();
    explicit operator bool() const noexcept { return share_ != nullptr; }

   private:
    friend class WorkerShare;
    Lease(WorkerShare& share, std::atomic<unsigned>* connection) noexcept
        : share_(&share), connection_(connection) {}
    WorkerShare* share_ = nullptr;                 // borrowed; lives as long as the process
    std::atomic<unsigned>* connection_ = nullptr;  // borrowed from the HTTP/2 connection; nullptr: no stream
  };
  // A lease for one more tunnel; empty: no room.
  Lease enter() noexcept { return enter(bounds_.process, nullptr); }
  // A lease for a tunnel in a stream of HTTP/2; empty: no room. `of_connection` counts the tunnels of its
  // connection.
  Lease enter_stream(std::atomic<unsigned>* of_connection) noexcept {
    return enter(bounds_.streams, of_connection);
  }
  unsigned taken() const noexcept { return taken_.load(std::memory_order_relaxed); }

  // The order to these tunnels. It only advances: none, drain, stop.
  enum class RunState : unsigned char { none, drain, stop };
  void set_run_state(RunState state) noexcept;
  RunState run_state() const noexcept { return run_state_.load(std::memory_order_acquire); }
  // The descriptor that is readable from the first change of the run state on.
  int bell() const noexcept { return bell_.fd(); }

 private:
  Lease enter(unsigned most, std::atomic<unsigned>* of_connection) noexcept;

  const tunnel::WorkerBounds bounds_;
  std::atomic<unsigned> taken_{0};
  std::atomic<RunState> run_state_{RunState::none};
  os::Wakeup bell_;
};

}  // namespace wsflow::httpd
