#include "mod_wsflow/tunnel/event_loop.hpp"

#include <algorithm>
#include <cerrno>
#include <exception>

#include "mod_wsflow/base/assert.hpp"
#include "mod_wsflow/base/text.hpp"
#include "mod_wsflow/tunnel/end_line.hpp"

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

// Of many tunnels, the next one is not in the processor's cache any more: it is fetched while this one is
// served.
void prefetch(std::uint64_t token) noexcept {
  if (token == kInboxToken) return;
  const auto* line = reinterpret_cast<const std::byte*>(&tunnel_of(token));
  for (std::size_t at = 0; at < sizeof(Tunnel); at += SlotPool::kAlignment) __builtin_prefetch(line + at, 1);
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
      recorder_(recorder.gathering()),
      log_(log),
      wall_clock_(wall_clock),
      wall_ahead_(wall_clock()),
      buffer_(std::make_unique_for_overwrite<std::uint8_t[]>(kReadBuffer)) {}

EventLoop::~EventLoop() {
  WSFLOW_ASSERT(thread_.none());
  drop_all();
}

void EventLoop::drop_all() noexcept {
  const auto drop = [&](Tunnel& tunnel) {
    const std::unique_ptr<Tunnel> owned(&tunnel);
    recorder_.buffered(-std::int64_t{tunnel.counted_waiting});
    recorder_.tunnel_ended(base::Outcome::server_stop, false, lived(tunnel, now_));
    tunnel.notify(Event::end, now_);
  };
  for_each(drop);
  for (auto* tunnel : ended_) drop(*tunnel);
  ended_.clear();
  tunnels_ = 0;
  recorder_.flush();
}

void EventLoop::add_descriptors(std::vector<int>& to) {
  WSFLOW_ASSERT(thread_.none());
  to.push_back(poller_.fd());
  for_each([&](const Tunnel& tunnel) { tunnel.add_descriptors(to); });
  inbox_.add_descriptors(to);
  pipes_.add_descriptors(to);
}

void EventLoop::run() {
  const base::OwnedByThisThread owned(thread_);
  take_over_tunnels();
  if (!watching_ && !poller_.watch_writes(inbox_.fd(), kInboxToken)) {
    log_.write(base::LogLevel::critical, 101, errno, "the event loop cannot watch its inbox", nullptr);
    inbox_.stop(base::Outcome::server_stop);
  }
  watching_ = true;
  for (;;) {
    const auto look = inbox_.look();
    now_ = base::now();
    guards_ = kGuards;
    if (look.run_state == RunState::pause) {
      // The count of tunnels includes those that were posted before the pause.
      take_mail();
      free_ended();
      recorder_.flush();
      return;
    }
    if (look.run_state == RunState::stop) {
      stop_as_ = look.stop_as;
      begin_stop();
      if (tunnels_ == 0 || now_ >= stop_at_) break;
    } else if (look.mail) {
      take_mail();
      now_ = base::now();  // much mail takes a while
    }
    wait_for_events();
    run_scheduled();
    expire();
    drain_step();
    free_ended();
    recorder_.flush();
  }
  cut_all();
}

// A late wake-up shows that the process or the machine was stopped.
void EventLoop::wait_for_events() {
  constexpr base::Millis kLate{1000};
  const auto planned = wait_time();
  const auto before = now_;
  const auto ready = poller_.wait(planned);
  inbox_.wake();
  now_ = base::now();
  const auto late = now_ - before - base::Millis(planned);
  if (planned >= 0 && late > kLate) absence_ = {.until = now_, .length = stamp(base::Instant(late))};
  for (std::size_t i = 0; i < ready.size(); ++i) {
    if (i + 1 < ready.size()) prefetch(ready[i + 1].token);
    on_ready(ready[i]);
  }
}

void EventLoop::run_guarded() noexcept {
  try {
    run();
  } catch (const std::exception& failure) {
    base::Text<200> line;
    line << "an event loop ended, its tunnels with it: " << failure.what();
    log_.write(base::LogLevel::critical, 104, 0, line.view(), nullptr);
    inbox_.stop(base::Outcome::server_stop);
    drop_all();
  }
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

// After a pause another thread may run the loop.
void EventLoop::take_over_tunnels() noexcept {
  if constexpr (base::kAsserts) {
    for_each([](Tunnel& tunnel) { tunnel.thread().set(); });
  }
}

void EventLoop::adopt(Tunnel& tunnel) {
  WSFLOW_ASSERT(thread_.here());
  // The tunnel's maker may have seen already that the wall clock was set.
  if (tunnel.has_session()) follow_wall_clock();
  tunnel.begin(now_);
  timers_.rest(tunnel);
  ++tunnels_;
  recorder_.tunnel_opened(false);
  tunnel.notify(Event::start, now_);
  for (const auto side : {Side::client, Side::origin}) {
    auto& endpoint = tunnel.endpoint(side);
    auto& stream = endpoint.stream;
    // The registration reports bytes that are in the socket; nothing reports those in an SSL object. The
    // client has had its 101 for a while and may have spoken; the origin mostly has not.
    endpoint.read_ready = side == Side::client || stream.tls();
    if (stream.bind_tls(bio_method_) && poller_.watch(stream.fd(), token(tunnel, side))) continue;
    log_.write(base::LogLevel::error, 102, errno, "a new tunnel cannot be watched and is closed",
               tunnel.log_context());
    end(tunnel);
    return;
  }
  take_turn(tunnel);
  if (told_to_stop_) close_for_stop(tunnel);
}

void EventLoop::on_ready(const os::Ready& ready) {
  if (ready.token == kInboxToken) return;  // run() looks into the inbox
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
  const bool rests = tunnel.rests();
  if (!tunnel.unshown) show_later(tunnel);
  const std::span<std::uint8_t> buffer(buffer_.get(), kReadBuffer);
  tunnel.begin_turn(now_, recorder_.buffered() > max_buffered_);
  bool more = false;
  for (const auto side : {Side::client, Side::origin}) {
    if (tunnel.endpoint(other(side)).flushable()) tunnel.flush(other(side));
    if (tunnel.endpoint(side).readable())
      more = tunnel.relay(side, buffer, kBudget, recorder_, &pipes_) || more;
  }
  if (tunnel.unsettled()) {
    if (tunnel.loses_origin()) spread_loss(tunnel);
    if (tunnel.settle()) {
      end(tunnel);
      return;
    }
  }
  more = tunnel.take_again() || more;
  const bool pinged = tunnel.ping_waits() && tunnel.send_waiting_pings(recorder_);
  if (tunnel.take_progress() && tunnel.ending()) tunnel.stay();
  count_waiting(tunnel, tunnel.waiting());
  if (pinged || tunnel.pressed() || rests) set_deadline(tunnel);
  if (more && !tunnel.scheduled) {
    tunnel.scheduled = true;
    scheduled_.push_back(&tunnel);
  }
}

void EventLoop::spread_loss(Tunnel& tunnel) {
  const auto delay =
      losses_.delay(tunnel.origin_label(), now_, base::Millis(tunnel.options().spread), random_.next32());
  if (delay.count() != 0) tunnel.tell_later(delay);
}

void EventLoop::count_waiting(Tunnel& tunnel, std::uint32_t waiting) noexcept {
  if (waiting == tunnel.counted_waiting) return;
  recorder_.buffered(std::int64_t{waiting} - std::int64_t{tunnel.counted_waiting});
  tunnel.counted_waiting = waiting;
}

void EventLoop::run_scheduled() {
  // A tunnel that schedules itself again in this turn waits for the next one.
  for (auto* tunnel : std::exchange(scheduled_, {})) {
    tunnel->scheduled = false;
    if (!tunnel->over) take_turn(*tunnel);
  }
}

void EventLoop::end(Tunnel& tunnel) noexcept {
  if (tunnel.over) return;
  tunnel.over = true;
  tunnel.unlink();
  ended_.push_back(&tunnel);
}

void EventLoop::free(Tunnel& tunnel) noexcept {
  std::unique_ptr<Tunnel> owned(&tunnel);
  count_waiting(tunnel, 0);
  tunnel.show(now_);
  log_end(tunnel);
  tunnel.notify(Event::end, now_);
  for (const auto side : {Side::client, Side::origin}) poller_.unwatch(tunnel.endpoint(side).stream.fd());
  if (tunnel.scheduled) std::erase(scheduled_, &tunnel);
  --tunnels_;
  const auto outcome = tunnel.outcome();
  const auto age = lived(tunnel, now_);
  owned.reset();
  // Whoever sees the count finds the room that the tunnel had.
  recorder_.tunnel_ended(outcome, false, age);
}

void EventLoop::free_ended() noexcept {
  WSFLOW_ASSERT(thread_.here());
  for (auto* tunnel : ended_) free(*tunnel);
  if (!ended_.empty() && tunnels_ == 0 && idle_bell_ != nullptr) idle_bell_->ring();
  ended_.clear();
}

void EventLoop::close(Tunnel& tunnel, std::uint16_t code, base::Outcome outcome) {
  if (tunnel.over || tunnel.closing()) return;
  tunnel.begin_turn(now_, false);
  tunnel.begin_close({code, code}, random_.next32(), outcome);
  take_turn(tunnel);
}

void EventLoop::close_for_stop(Tunnel& tunnel) {
  if (tunnel.over || tunnel.closing()) return;
  tunnel.begin_turn(now_, false);
  tunnel.begin_close(random_.next32(), stop_as_);
  take_turn(tunnel);
}

void EventLoop::drain_step() {
  if (drain_.next() > now_) return;
  const auto chance = drain_.step(now_);
  for_each([&](Tunnel& tunnel) {
    if (random_.next32() < chance) close(tunnel, drain_code_, base::Outcome::drained);
  });
}

void EventLoop::obey_commands() {
  for_each([&](Tunnel& tunnel) {
    if (const auto code = tunnel.take_close_command()) close(tunnel, code, base::Outcome::ordered);
  });
}

// Runs in every turn of a stop: the inbox may still hold tunnels, which adopt() closes.
void EventLoop::begin_stop() {
  stop_at_ = std::min(stop_at_, now_ + stop_time_);
  const bool told = std::exchange(told_to_stop_, true);
  take_mail();
  if (!told) {
    for_each([&](Tunnel& tunnel) { close_for_stop(tunnel); });
  }
  free_ended();
}

void EventLoop::cut_all() {
  const std::span<std::uint8_t> buffer(buffer_.get(), kReadBuffer);
  for_each([&](Tunnel& tunnel) {
    tunnel.cut_off();
    // Bytes that have arrived are read first: closing a socket with unread bytes sends a reset, and the reset
    // could overtake the Close frame.
    for (const auto side : {Side::client, Side::origin}) {
      tunnel.endpoint(side).stream.note_readable(false);
      tunnel.endpoint(side).read_ready = true;
      tunnel.endpoint(side).read_paused = false;
      tunnel.relay(side, buffer, kBudget, recorder_);
    }
    end(tunnel);
  });
  free_ended();
  recorder_.flush();
}

void EventLoop::log_end(const Tunnel& tunnel) noexcept {
  if (!log_.enabled(base::LogLevel::debug, tunnel.log_context())) return;
  log_.write(base::LogLevel::debug, 103, 0, end_line(tunnel, now_).view(), tunnel.log_context());
}

}  // namespace wsflow::tunnel
