#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// The number of connections that the MPM accepts in a child beyond one for each worker, while no worker is
// busy: AsyncRequestWorkerFactor for each of them. 0: the MPM cannot wait for requests.
std::uint32_t async_connections() noexcept;

// The number of handshakes of a child that may wait for their origins without a worker, with so many
// descriptors for tunnels and requests that wait: WSFlowMaxHandshakes, or what the MPM and the descriptors
// allow.
std::uint32_t most_handshakes(const server_rec* main, std::size_t spare_descriptors) noexcept;

// Notes what the MPM allows, which only the configuration as httpd has read it shows. Parent, post_config.
void note_async_connections(server_rec* main) noexcept;

// Logs at the first start how many handshakes may wait; warns if WSFlowMaxHandshakes exceeds what the MPM
// accepts. Parent.
void tell_handshake_room(server_rec* main) noexcept;

// Counts the handshakes of this process that wait for their origins. Any thread.
class HandshakeRoom {
 public:
  explicit HandshakeRoom(std::uint32_t most) noexcept : most_(most) {}
  HandshakeRoom(const HandshakeRoom&) = delete;
  HandshakeRoom& operator=(const HandshakeRoom&) = delete;

  class Lease {
   public:
    Lease() noexcept = default;
    Lease(Lease&& other) noexcept : room_(std::exchange(other.room_, nullptr)) {}
    Lease& operator=(Lease&& other) noexcept {
      std::swap(room_, other.room_);
      return *this;
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() {
      if (room_ != nullptr) room_->waiting_.fetch_sub(1, std::memory_order_relaxed);
    }
    explicit operator bool() const noexcept { return room_ != nullptr; }

   private:
    friend class HandshakeRoom;
    explicit Lease(HandshakeRoom& room) noexcept : room_(&room) {}
    HandshakeRoom* room_ = nullptr;  // borrowed; lives as long as the process
  };
  // A lease for one more; empty: no room.
  Lease enter() noexcept {
    if (waiting_.fetch_add(1, std::memory_order_relaxed) < most_) return Lease(*this);
    waiting_.fetch_sub(1, std::memory_order_relaxed);
    return {};
  }
  bool full() const noexcept { return waiting_.load(std::memory_order_relaxed) >= most_; }
  std::uint32_t most() const noexcept { return most_; }

 private:
  const std::uint32_t most_;
  std::atomic<std::uint32_t> waiting_{0};
};

}  // namespace wsflow::httpd
