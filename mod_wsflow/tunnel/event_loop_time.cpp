// The part of EventLoop that goes by time: deadlines, rows of busy tunnels, the wall clock.

#include <algorithm>
#include <limits>

#include "mod_wsflow/tunnel/event_loop.hpp"

namespace wsflow::tunnel {

int EventLoop::wait_time() const noexcept {
  // A tunnel that ended with the mail is freed at the end of this turn.
  if (!scheduled_.empty() || !ended_.empty()) return 0;
  const auto next = std::min({timers_.next(), drain_.next(), stop_at_});
  if (next == base::Instant::max()) return -1;
  const auto left = (next - now_).count();
  return static_cast<int>(std::clamp<std::int64_t>(left + 1, 0, std::numeric_limits<int>::max()));
}

// Sets earlier deadlines at once. A session whose end became later finds out when its old deadline is met.
void EventLoop::follow_wall_clock() noexcept {
  const auto ahead = wall_clock_();
  if (!base::was_set(wall_ahead_, ahead)) return;
  wall_ahead_ = ahead;
  for_each([&](Tunnel& tunnel) {
    if (!tunnel.has_session()) return;
    tunnel.begin_turn(now_, false);
    set_deadline(tunnel);
  });
}

// The rows of all tunnels that had a turn meanwhile are written at one moment, in one wake-up.
base::Instant EventLoop::show_time() noexcept {
  if (show_at_ <= now_) show_at_ = now_ + kShowInterval;
  return show_at_;
}

void EventLoop::show_later(Tunnel& tunnel) noexcept {
  tunnel.unshown = true;
  if (const auto at = show_time(); at < tunnel.due()) timers_.set(tunnel, at);
}

// A new tunnel is guarded here, within kShowInterval of its adoption, or the next time if there are many.
void EventLoop::show(Tunnel& tunnel) noexcept {
  tunnel.show(now_);
  tunnel.unshown = !tunnel.guarded && guards_ == 0;
  if (tunnel.guarded || tunnel.unshown) return;
  --guards_;
  tunnel.guard();
}

Deadline EventLoop::deadline(Tunnel& tunnel) noexcept {
  return tunnel.deadline(now_, wall_ahead_, absence_);
}

// A deadline that became later stays in the wheel, and is computed again when it is met.
void EventLoop::set_deadline(Tunnel& tunnel) noexcept {
  auto due = deadline(tunnel).at;
  if (tunnel.unshown) due = std::min(due, show_time());
  if (due < tunnel.due()) timers_.set(tunnel, due);
}

void EventLoop::expire() {
  while (auto* hook = timers_.pop_due(now_)) {
    timers_.rest(*hook);
    meet(static_cast<Tunnel&>(*hook));
  }
}

void EventLoop::meet(Tunnel& tunnel) {
  tunnel.begin_turn(now_, false);
  if (tunnel.unshown) show(tunnel);
  if (tunnel.has_session()) follow_wall_clock();
  auto due = deadline(tunnel);
  if (due.at <= now_ && blames_peers(due.what)) {
    // More events may wait in the kernel: one wait reports a bounded number, and the loop may have been
    // stopped for a while.
    tunnel.expect_everything();
    take_turn(tunnel);
    if (tunnel.over) return;
    timers_.rest(tunnel);
    due = deadline(tunnel);
  }
  if (due.at > now_) {
    set_deadline(tunnel);
  } else if (tunnel.meet(due, recorder_)) {
    end(tunnel);
  } else {
    take_turn(tunnel);
  }
}

}  // namespace wsflow::tunnel
