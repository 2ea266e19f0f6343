#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "mod_wsflow/metrics/catalogue.hpp"

namespace wsflow::metrics {

// Counts into this process's slot. Every thread may call it, but for one that gathers; it never fails and
// never waits.
class Recorder {
 public:
  explicit Recorder(shm::ProcessSlot& slot) noexcept : slot_(slot) {}
  // One for the same slot that keeps back what passes until flush(), as each addition to shared memory costs
  // as much as tens of others. One thread.
  Recorder gathering() const noexcept {
    Recorder result(slot_);
    result.gathers_ = true;
    return result;
  }

  void add(std::size_t counter, std::uint64_t count = 1) noexcept {
    slot_.counters[counter].fetch_add(count, std::memory_order_relaxed);
  }
  void frame_passed(Direction direction, OpcodeClass opcode) noexcept {
    if (gathers_) [[likely]] {
      ++gathered_[static_cast<std::size_t>(direction)].frames[static_cast<std::size_t>(opcode)];
    } else {
      add(kFrames(direction, opcode));
    }
  }
  // Bytes, and the messages that end in them.
  void passed(Direction direction, std::uint64_t bytes, std::uint64_t messages) noexcept {
    if (gathers_) [[likely]] {
      auto& sums = gathered_[static_cast<std::size_t>(direction)];
      sums.bytes += bytes;
      sums.messages += messages;
    } else {
      add(kBytes(direction), bytes);
      if (messages != 0) add(kMessages(direction), messages);
    }
  }
  // Counts what was kept back.
  void flush() noexcept {
    for (const auto direction : {Direction::client_to_origin, Direction::origin_to_client}) {
      if (gathered_[static_cast<std::size_t>(direction)].bytes != 0) flush(direction);
    }
  }
  void refused(base::HandshakeRefusal refusal) noexcept { add(kRefused(refusal)); }

  void tunnel_opened(bool on_worker) noexcept {
    add(kTunnelsOpened);
    if (on_worker) add(kTunnelsOpenedWorker);
    active(on_worker).fetch_add(1, std::memory_order_relaxed);
  }
  void tunnel_ended(base::Outcome outcome, bool on_worker, std::uint64_t lived_ms) noexcept {
    add(kTunnelsEnded(outcome));
    time(kTunnelTimes, kLifetimes, lived_ms);
    reach(kLongestTunnel, lived_ms);
    active(on_worker).fetch_sub(1, std::memory_order_relaxed);
  }
  // A client has its 101.
  void upgraded(std::uint64_t handshake_us) noexcept {
    time(kHandshakeTimes, kHandshakes, handshake_us);
    reach(kLongestHandshake, handshake_us);
  }
  // A request need not wait for its permit any more, or may not.
  void waited(std::uint64_t wait_us) noexcept {
    time(kAcquireWaits, kWaits, wait_us);
    reach(kLongestWait, wait_us);
  }
  void close_seen(Direction sender, std::uint16_t code) noexcept { add(kCloses(sender, close_class(code))); }
  // A ping was sent to the sender of this direction; it has answered.
  void pinged(Direction peer) noexcept { add(kPings(peer)); }
  void ping_answered(Direction peer, std::uint32_t rtt_ms) noexcept { time(ping_rtt(peer), kRtt, rtt_ms); }

  // The bytes that wait in this process have become more or less by so many.
  void buffered(std::int64_t change) noexcept {
    slot_.buffered.fetch_add(static_cast<std::uint64_t>(change), std::memory_order_relaxed);
  }
  std::uint64_t buffered() const noexcept { return slot_.buffered.load(std::memory_order_relaxed); }

 private:
  struct Passed {
    std::uint64_t bytes = 0;
    std::uint64_t messages = 0;
    std::array<std::uint64_t, kOpcodeClasses> frames{};
  };
  void flush(Direction direction) noexcept {
    const auto sums = std::exchange(gathered_[static_cast<std::size_t>(direction)], {});
    add(kBytes(direction), sums.bytes);
    if (sums.messages != 0) add(kMessages(direction), sums.messages);
    for (std::size_t i = 0; i < sums.frames.size(); ++i) {
      if (sums.frames[i] != 0) add(kFrames(direction, static_cast<OpcodeClass>(i)), sums.frames[i]);
    }
  }

  void time(std::size_t first, const Times& times, std::uint64_t value) noexcept {
    add(first + bucket(times, value));
    add(first + times.buckets(), value);
  }
  void reach(std::size_t greatest, std::uint64_t value) noexcept {
    auto& place = slot_.counters[greatest];
    for (auto known = place.load(std::memory_order_relaxed);
         known < value && !place.compare_exchange_weak(known, value, std::memory_order_relaxed);) {
    }
  }
  std::atomic<std::uint64_t>& active(bool on_worker) noexcept {
    return on_worker ? slot_.active_worker : slot_.active;
  }

  shm::ProcessSlot& slot_;  // borrowed; lives as long as the process
  bool gathers_ = false;
  std::array<Passed, kDirections> gathered_{};  // by the thread that gathers
};

}  // namespace wsflow::metrics
