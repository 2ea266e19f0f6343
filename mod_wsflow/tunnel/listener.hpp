#pragma once

#include <cstdint>
#include <memory>

#include "mod_wsflow/base/clock.hpp"

namespace wsflow::tunnel {

class Tunnel;

enum class Event : std::uint8_t {
  start,  // a loop or a worker has begun to relay
  alive,  // the listener's alive interval has passed since its last event
  end,    // the tunnel is about to be freed
};

// Hears the events of one tunnel: `start` first, `end` last and once. A process that dies tells nobody:
// whoever finds its tunnels lost in the shared memory has no listener of theirs. Made by a worker, then owned
// by the tunnel and called by the thread that runs it; must not wait.
class Listener {
 public:
  // `alive_interval`: milliseconds between two events, at most; 0: no `alive` events.
  explicit Listener(std::uint32_t alive_interval = 0) noexcept : alive_interval_(alive_interval) {}
  virtual ~Listener() = default;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  virtual void on_event(Event event, const Tunnel& tunnel, base::Instant now) noexcept = 0;

 private:
  friend class Listeners;
  const std::uint32_t alive_interval_;
  std::uint32_t last_event_ = 0;    // stamp of the last call
  std::unique_ptr<Listener> next_;  // owned: the rest of the list
};

// The listeners of one tunnel, called in the order in which they were added. One pointer, and no further cost
// while it is empty. The thread that has the tunnel.
class Listeners {
 public:
  bool empty() const noexcept { return first_ == nullptr; }
  // nullptr: adds none.
  void add(std::unique_ptr<Listener> listener) noexcept;

  // Tells all of them `start` or `end`.
  void notify(Event event, const Tunnel& tunnel, base::Instant now) noexcept {
    if (first_ != nullptr) notify_all(event, tunnel, now);
  }
  // Tells `alive` to those whose interval has passed.
  void notify_alive(const Tunnel& tunnel, base::Instant now) noexcept;

  // Calls on_interval(last_event, alive_interval), a stamp and milliseconds, for each that wants `alive`.
  template <class OnInterval>
  void each_interval(OnInterval&& on_interval) const noexcept {
    for (const auto* listener = first_.get(); listener != nullptr; listener = listener->next_.get()) {
      if (listener->alive_interval_ != 0) on_interval(listener->last_event_, listener->alive_interval_);
    }
  }

 private:
  void notify_all(Event event, const Tunnel& tunnel, base::Instant now) noexcept;

  std::unique_ptr<Listener> first_;  // owned
};

}  // namespace wsflow::tunnel
