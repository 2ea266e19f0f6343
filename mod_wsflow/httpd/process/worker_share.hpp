#pragma once

#include <atomic>
#include <utility>

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/os/wakeup.hpp"
#include "mod_wsflow/tunnel/worker_bounds.hpp"

namespace wsflow::httpd {

// By what the MPM and mod_http2 say of themselves.
tunnel::WorkerBounds worker_bounds(server_rec* main) noexcept;

// The tunnels of this process that hold worker threads: counts them against their bounds, and tells them of
// the end of the process. Every thread.
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
    WorkerShare* share_ = nullptr;  // borrowed; lives as long as the process
    std::atomic<unsigned>* connection_ =
        nullptr;  // borrowed from the HTTP/2 connection; none: it is no stream
  };
  // For one more tunnel; empty if it would be one too many.
  Lease enter() noexcept { return enter(bounds_.process, nullptr); }
  // The same for a stream of HTTP/2. `of_connection` counts the tunnels of its connection.
  Lease enter_stream(std::atomic<unsigned>* of_connection) noexcept {
    return enter(bounds_.streams, of_connection);
  }
  unsigned taken() const noexcept { return taken_.load(std::memory_order_relaxed); }

  // What is to become of them; a state is never taken back, but drain is followed by stop.
  enum class RunState : unsigned char { none, drain, stop };
  void set_run_state(RunState state) noexcept;
  RunState run_state() const noexcept { return run_state_.load(std::memory_order_acquire); }
  // Can be read from the first change on.
  int bell() const noexcept { return bell_.fd(); }

 private:
  Lease enter(unsigned most, std::atomic<unsigned>* of_connection) noexcept;

  const tunnel::WorkerBounds bounds_;
  std::atomic<unsigned> taken_{0};
  std::atomic<RunState> run_state_{RunState::none};
  os::Wakeup bell_;
};

}  // namespace wsflow::httpd
