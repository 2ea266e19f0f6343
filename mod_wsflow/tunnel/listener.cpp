#include "mod_wsflow/tunnel/listener.hpp"

#include <utility>

#include "mod_wsflow/tunnel/deadline.hpp"

namespace wsflow::tunnel {

void Listeners::add(std::unique_ptr<Listener> listener) noexcept {
  auto* last = &first_;
  while (*last != nullptr) last = &(*last)->next_;
  *last = std::move(listener);
}

void Listeners::notify_all(Event event, const Tunnel& tunnel, base::Instant now) noexcept {
  for (auto* listener = first_.get(); listener != nullptr; listener = listener->next_.get()) {
    listener->last_event_ = stamp(now);
    listener->on_event(event, tunnel, now);
  }
}

void Listeners::notify_alive(const Tunnel& tunnel, base::Instant now) noexcept {
  for (auto* listener = first_.get(); listener != nullptr; listener = listener->next_.get()) {
    if (listener->alive_interval_ == 0 || stamp(now) - listener->last_event_ < listener->alive_interval_)
      continue;
    listener->last_event_ = stamp(now);
    listener->on_event(Event::alive, tunnel, now);
  }
}

}  // namespace wsflow::tunnel
