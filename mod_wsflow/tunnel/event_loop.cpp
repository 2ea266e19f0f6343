#include "mod_wsflow/tunnel/event_loop.hpp"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <limits>

#include "mod_wsflow/base/assert.hpp"
#include "mod_wsflow/base/text.hpp"
#include "mod_wsflow/os/random.hpp"
#include "mod_wsflow/tunnel/end_line.hpp"
#include "mod_wsflow/ws/close_code.hpp"

namespace wsflow::tunnel {

namespace {
constexpr std::uint64_t kInboxToken = 0;

// Tunnels are aligned to more than 2 bytes: the lowest bit of the address holds the side.
std::uint64_t token(const Tunnel& tunnel, Side side) noexcept {
  return reinterpret_cast<std::uintptr_t>(&tunnel) | static_cast<std::uint64_t>(side);
}
Tunnel& tunnel_of(std::uint64_t token) noexcept {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel keeps the token as a number
  return *reinterpret_cast<Tunnel*>(static_cast<std::uintptr_t>(token & ~std::uint64_t{1}));
}

// Milliseconds.
std::uint64_t lived(const Tunnel& tunnel, base::Instant now) noexcept {
  return static_cast<std::uint64_t>(std::max(now - tunnel.started(), base::Millis::zero()).count());
}
}  // namespace

EventLoop::EventLoop(const BIO_METHOD* bio_method, base::Millis stop_time, metrics::Recorder& recorder,
                     base::LogSink& log, std::uint64_t max_buffered, base::WallClock wall_clock)
    : bio_method_(bio_method),
      stop_time_(stop_time),
      max_buffered_(max_buffered != 0 ? max_buffered : UINT64_MAX),
      recorder_(recorder),
      log_(log),
      wall_clock_(wall_clock),
      wall_ahead_(wall_clock()),
      buffer_(std::make_unique_for_overwrite<std::uint8_t[]>(kReadBuffer)) {}

EventLoop::~EventLoop() {
  WSFLOW_ASSERT(thread_.none());
  drop_all();
}

void EventLoop::drop_all() noexcept {
  while (first_ != nullptr) {
    recorder_.buffered(-std::int64_t{first_->counted_waiting});
    recorder_.tunnel_ended(base::Outcome::server_stop, false, lived(*first_, now_));
    first_->notify(Event::end, now_);
    delete std::exchange(first_, first_->next);
  }
}

void EventLoop::add_descriptors(std::vector<int>& to) {
  WSFLOW_ASSERT(thread_.none());
  to.push_back(poller_.fd());
  for (auto* tunnel = first_; tunnel != nullptr; tunnel = tunnel->next) tunnel->add_descriptors(to);
  inbox_.add_descriptors(to);
}

void EventLoop::run() {
  const base::OwnedByThisThread owned(thread_);
  take_over_tunnels();
  if (!watching_ && !poller_.watch_level(inbox_.fd(), kInboxToken)) {
    log_.write(base::LogLevel::critical, 101, errno, "the event loop cannot watch its inbox", nullptr);
    inbox_.set_run_state(RunState::stop);
  }
  watching_ = true;
  for (;;) {
    const auto state = inbox_.run_state();
    now_ = base::now();
    if (state == RunState::pause) {
      // The count of tunnels includes those that were posted before the pause.
      take_mail();
      free_ended();
      return;
    }
    if (state == RunState::stop) {
      begin_stop();
      if (first_ == nullptr || now_ >= stop_at_) break;
    }
    wait_for_events();
    run_scheduled();
    expire();
    drain_step();
    free_ended();
    if (now_ >= show_at_) show_all();
  }
  cut_all();
}

// A late wake-up shows that the process or the machine was stopped.
void EventLoop::wait_for_events() {
  constexpr base::Millis kLate{1000};
  const auto planned = wait_time();
  const auto before = now_;
  const auto ready = poller_.wait(planned);
  now_ = base::now();
  const auto late = now_ - before - base::Millis(planned);
  if (planned >= 0 && late > kLate) absence_ = {.until = now_, .length = stamp(base::Instant(late))};
  for (const auto& one : ready) on_ready(one);
}

void EventLoop::run_guarded() noexcept {
  try {
    run();
  } catch (const std::exception& failure) {
    base::Text<200> line;
    line << "an event loop ended, its tunnels with it: " << failure.what();
    log_.write(base::LogLevel::critical, 104, 0, line.view(), nullptr);
    inbox_.set_run_state(RunState::stop);
    drop_all();
  }
}

int EventLoop::wait_time() const noexcept {
  if (!scheduled_.empty()) return 0;
  const auto next = std::min({timers_.next(), drain_.next(), stop_at_, show_at_});
  if (next == base::Instant::max()) return -1;
  const auto left = (next - base::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left + 1, 0, std::numeric_limits<int>::max()));
}

void EventLoop::take_mail() {
  auto mail = inbox_.take();
  if (mail.wall_clock) follow_wall_clock();
  for (auto& waiting : mail.tunnels) adopt(*waiting.release());
  if (mail.commands) obey_commands();
  if (mail.drain && !drain_.started()) {
    drain_code_ = mail.drain->code;
    drain_.start(now_, mail.drain->window);
  }
}

// Sets earlier deadlines at once. A session whose end became later finds out when its old deadline is met.
void EventLoop::follow_wall_clock() noexcept {
  const auto ahead = wall_clock_();
  if (!base::was_set(wall_ahead_, ahead)) return;
  wall_ahead_ = ahead;
  for (auto* tunnel = first_; tunnel != nullptr; tunnel = tunnel->next) {
    if (tunnel->over || !tunnel->has_session()) continue;
    tunnel->begin_turn(now_, false);
    set_deadline(*tunnel);
  }
}

// After a pause another thread may run the loop.
void EventLoop::take_over_tunnels() noexcept {
  if constexpr (base::kAsserts) {
    for (auto* tunnel = first_; tunnel != nullptr; tunnel = tunnel->next) tunnel->thread().set();
  }
}

void EventLoop::adopt(Tunnel& tunnel) {
  WSFLOW_ASSERT(thread_.here());
  // The tunnel's maker may have seen already that the wall clock was set.
  if (tunnel.has_session()) follow_wall_clock();
  tunnel.begin(now_);
  tunnel.next = first_;
  if (first_ != nullptr) first_->previous = &tunnel;
  first_ = &tunnel;
  recorder_.tunnel_opened(false);
  tunnel.notify(Event::start, now_);
  for (const auto side : {Side::client, Side::origin}) {
    auto& stream = tunnel.endpoint(side).stream;
    if (stream.bind_tls(bio_method_) && poller_.watch(stream.fd(), token(tunnel, side))) continue;
    log_.write(base::LogLevel::error, 102, errno, "a new tunnel cannot be watched and is closed",
               tunnel.log_context());
    end(tunnel);
    return;
  }
  take_turn(tunnel);
}

void EventLoop::on_ready(const os::Ready& ready) {
  if (ready.token == kInboxToken) {
    take_mail();
    return;
  }
  auto& tunnel = tunnel_of(ready.token);
  if (tunnel.over) return;
  const auto side = static_cast<Side>(ready.token & 1);
  auto& endpoint = tunnel.endpoint(side);
  if (ready.readable) {
    endpoint.stream.note_readable(ready.hang_up);
    endpoint.read_ready = true;
    if (ready.hang_up) tunnel.note_hang_up(side);
  }
  if (ready.writable) {
    endpoint.write_blocked = false;
    // TLS may have needed to write before it can read on (a key update).
    if (endpoint.stream.tls()) endpoint.read_ready = true;
  }
  take_turn(tunnel);
}

void EventLoop::take_turn(Tunnel& tunnel) {
  WSFLOW_ASSERT(thread_.here());
  if (tunnel.unshown_place == Tunnel::kNone) show_later(tunnel);
  const std::span<std::uint8_t> buffer(buffer_.get(), kReadBuffer);
  tunnel.begin_turn(now_, recorder_.buffered() > max_buffered_);
  bool more = false;
  for (const auto side : {Side::client, Side::origin}) {
    tunnel.flush(other(side));
    more = tunnel.relay(side, buffer, kBudget, recorder_) || more;
  }
  if (tunnel.settle()) {
    end(tunnel);
    return;
  }
  more = tunnel.take_again() || more;
  const bool pinged = tunnel.ping_waits() && tunnel.send_waiting_pings(recorder_);
  if (tunnel.take_progress() && tunnel.ending()) tunnel.stay();
  count_waiting(tunnel, tunnel.waiting());
  if (pinged || tunnel.pressed() || !tunnel.linked()) set_deadline(tunnel);
  if (more && !tunnel.scheduled) {
    tunnel.scheduled = true;
    scheduled_.push_back(&tunnel);
  }
}

void EventLoop::show_later(Tunnel& tunnel) {
  if (unshown_.empty()) show_at_ = now_ + kShowInterval;
  tunnel.unshown_place = static_cast<std::uint32_t>(unshown_.size());
  unshown_.push_back(&tunnel);
}

void EventLoop::forget_unshown(Tunnel& tunnel) noexcept {
  if (tunnel.unshown_place == Tunnel::kNone) return;
  auto* last = unshown_.back();
  unshown_[tunnel.unshown_place] = last;
  last->unshown_place = tunnel.unshown_place;
  unshown_.pop_back();
  tunnel.unshown_place = Tunnel::kNone;
}

void EventLoop::show_all() noexcept {
  for (auto* tunnel : unshown_) {
    tunnel->show(now_);
    tunnel->unshown_place = Tunnel::kNone;
  }
  unshown_.clear();
  show_at_ = base::Instant::max();
}

void EventLoop::count_waiting(Tunnel& tunnel, std::uint32_t waiting) noexcept {
  if (waiting == tunnel.counted_waiting) return;
  recorder_.buffered(std::int64_t{waiting} - std::int64_t{tunnel.counted_waiting});
  tunnel.counted_waiting = waiting;
}

Deadline EventLoop::deadline(Tunnel& tunnel) noexcept {
  return tunnel.deadline(now_, wall_ahead_, absence_);
}

// A deadline that became later stays in the wheel, and is computed again when it is met.
void EventLoop::set_deadline(Tunnel& tunnel) noexcept {
  const auto due = deadline(tunnel).at;
  if (due != base::Instant::max() && (!tunnel.linked() || due < tunnel.due())) timers_.set(tunnel, due);
}

void EventLoop::run_scheduled() {
  // A tunnel that schedules itself again in this turn waits for the next one.
  for (auto* tunnel : std::exchange(scheduled_, {})) {
    tunnel->scheduled = false;
    if (!tunnel->over) take_turn(*tunnel);
  }
}

void EventLoop::expire() {
  while (auto* hook = timers_.pop_due(now_)) {
    meet(static_cast<Tunnel&>(*hook));
  }
}

void EventLoop::meet(Tunnel& tunnel) {
  tunnel.begin_turn(now_, false);
  if (tunnel.has_session()) follow_wall_clock();
  auto due = deadline(tunnel);
  if (due.at <= now_ && blames_peers(due.what)) {
    // More events may wait in the kernel: one wait reports a bounded number, and the loop may have been
    // stopped for a while.
    tunnel.expect_everything();
    take_turn(tunnel);
    if (tunnel.over) return;
    tunnel.unlink();
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

void EventLoop::end(Tunnel& tunnel) noexcept {
  if (tunnel.over) return;
  tunnel.over = true;
  tunnel.unlink();
  ended_.push_back(&tunnel);
}

void EventLoop::free_ended() noexcept {
  WSFLOW_ASSERT(thread_.here());
  for (auto* tunnel : ended_) {
    count_waiting(*tunnel, 0);
    tunnel->show(now_);
    forget_unshown(*tunnel);
    recorder_.tunnel_ended(tunnel->outcome(), false, lived(*tunnel, now_));
    log_end(*tunnel);
    tunnel->notify(Event::end, now_);
    if (tunnel->previous != nullptr) {
      tunnel->previous->next = tunnel->next;
    } else {
      first_ = tunnel->next;
    }
    if (tunnel->next != nullptr) tunnel->next->previous = tunnel->previous;
    for (const auto side : {Side::client, Side::origin}) poller_.unwatch(tunnel->endpoint(side).stream.fd());
    if (tunnel->scheduled) std::erase(scheduled_, tunnel);
    delete tunnel;
  }
  if (!ended_.empty() && first_ == nullptr && idle_bell_ != nullptr) idle_bell_->ring();
  ended_.clear();
}

void EventLoop::close(Tunnel& tunnel, std::uint16_t code, base::Outcome outcome) {
  if (tunnel.over || tunnel.closing()) return;
  tunnel.begin_turn(now_, false);
  tunnel.begin_close({code, code}, os::random32(), outcome);
  take_turn(tunnel);
}

void EventLoop::drain_step() {
  if (drain_.next() > now_) return;
  const auto chance = drain_.step(now_);
  for (auto* tunnel = first_; tunnel != nullptr; tunnel = tunnel->next) {
    if (os::random32() < chance) close(*tunnel, drain_code_, base::Outcome::drained);
  }
}

void EventLoop::obey_commands() {
  for (auto* tunnel = first_; tunnel != nullptr; tunnel = tunnel->next) {
    if (const auto code = tunnel->take_close_command()) close(*tunnel, code, base::Outcome::ordered);
  }
}

// Runs in every turn of a stop: the inbox may still hold tunnels.
void EventLoop::begin_stop() {
  stop_at_ = std::min(stop_at_, now_ + stop_time_);
  take_mail();
  for (auto* tunnel = first_; tunnel != nullptr; tunnel = tunnel->next) {
    close(*tunnel, ws::close_code::kGoingAway, base::Outcome::server_stop);
  }
  free_ended();
}

void EventLoop::cut_all() {
  const std::span<std::uint8_t> buffer(buffer_.get(), kReadBuffer);
  for (auto* tunnel = first_; tunnel != nullptr; tunnel = tunnel->next) {
    if (tunnel->over) continue;
    tunnel->cut_off();
    // Bytes that have arrived are read first: closing a socket with unread bytes sends a reset, and the reset
    // could overtake the Close frame.
    for (const auto side : {Side::client, Side::origin}) {
      tunnel->endpoint(side).stream.note_readable(false);
      tunnel->endpoint(side).read_ready = true;
      tunnel->endpoint(side).read_paused = false;
      tunnel->relay(side, buffer, kBudget, recorder_);
    }
    end(*tunnel);
  }
  free_ended();
}

void EventLoop::log_end(const Tunnel& tunnel) noexcept {
  if (!log_.enabled(base::LogLevel::debug, tunnel.log_context())) return;
  log_.write(base::LogLevel::debug, 103, 0, end_line(tunnel, now_).view(), tunnel.log_context());
}

}  // namespace wsflow::tunnel
