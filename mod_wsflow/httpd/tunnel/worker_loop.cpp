#include "mod_wsflow/httpd/tunnel/worker_loop.hpp"

#include <algorithm>

#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/housekeeping/close_jobs.hpp"
#include "mod_wsflow/httpd/mpm_query.hpp"
#include "mod_wsflow/os/random.hpp"
#include "mod_wsflow/tunnel/event_loop.hpp"

namespace wsflow::httpd {

namespace {

using base::Outcome;
using tunnel::Due;
using tunnel::EndedBy;
using tunnel::Side;
using RunState = WorkerShare::RunState;

constexpr Side kSides[] = {Side::client, Side::origin};

constexpr EndedBy cause_of(Side side) noexcept {
  return side == Side::client ? EndedBy::client : EndedBy::origin;
}

// Spread at random over the window.
base::Instant end_of_drain(const config::DrainSettings& drain, base::Instant now) noexcept {
  if (drain.deadline == 0) return base::Instant::max();
  const auto window = static_cast<std::uint64_t>(apr_time_as_msec(drain.window)) + 1;
  return now + base::Millis(apr_time_as_msec(drain.deadline) +
                            static_cast<base::Millis::rep>(os::random64() % window));
}

}  // namespace

WorkerLoop::WorkerLoop(tunnel::Tunnel& tunnel, Pump& client, Pump& origin, base::Millis stall,
                       Process& process)
    : tunnel_(tunnel),
      client_(client),
      origin_(origin),
      stall_(stall),
      process_(process),
      buffer_(std::make_unique_for_overwrite<std::uint8_t[]>(tunnel::EventLoop::kReadBuffer)) {
  tunnel_.begin(now_);
  process_.recorder.tunnel_opened(true);
  tunnel_.notify(tunnel::Event::start, now_);
}

WorkerLoop::~WorkerLoop() {
  now_ = base::now();
  count_waiting(0);
  tunnel_.show(now_);
  const auto lived = std::max(now_ - tunnel_.started(), base::Millis::zero());
  process_.recorder.tunnel_ended(tunnel_.outcome(), true, static_cast<std::uint64_t>(lived.count()));
  tunnel_.notify(tunnel::Event::end, now_);
}

void WorkerLoop::run() {
  while (!done()) {
    wait();
    client_.stay_open();
    now_ = base::now();
    look_after();
    // Everything that has arrived is read before a deadline is checked.
    for (const auto side : kSides) pump(side).take_in();
    turn();
    note_losses();
    for (const auto side : kSides) pump(side).give_out(now_);
    end_streams();
    cut_stalled();
    meet_deadline();
  }
}

bool WorkerLoop::done() noexcept {
  if (now_ >= stop_at_) {
    tunnel_.cut_off();
    over_ = true;
  }
  const auto& origin = tunnel_.endpoint(Side::origin);
  // A stream ends with its request: it does not wait for the origin's end of stream.
  const bool enough =
      over_ || (client_.is_stream() && client_.output_over() && (origin.out_ended || origin.lost));
  if (!enough) return false;
  for (const auto side : kSides) {
    if (tunnel_.endpoint(side).lost) pump(side).detach();
  }
  return client_.output_over() && origin_.output_over();
}

void WorkerLoop::wait() noexcept {
  using std::chrono::microseconds;
  polled_.clear();
  for (const auto side : kSides) {
    const auto& end = tunnel_.endpoint(side);
    pump(side).add_to(polled_);
    const bool reads = !over_ && !end.read_paused && !end.rate_paused && !end.finished_reading();
    polled_.add(end.stream.fd(), reads, !over_ && !end.pending.empty() && !end.lost);
  }
  if (run_state_ == RunState::none) polled_.add(process_.workers.bell(), true, false);
  auto until = std::min(look_at_, stop_at_);
  if (!over_) until = std::min({until, drain_at_, deadline().at});
  for (const auto side : kSides) until = std::min(until, stalls_at(pump(side)));
  const microseconds left = until - now_;
  polled_.wait(more_ ? microseconds(0) : std::min({left, client_.patience(), origin_.patience()}));
}

void WorkerLoop::look_after() {
  const auto most = static_cast<std::uint64_t>(max_buffered(process_.server));
  tunnel_.begin_turn(now_, most != 0 && process_.recorder.buffered() > most);
  if (httpd_stops_gracefully(process_)) {
    process_.graceful = true;
    process_.workers.set_run_state(RunState::drain);
  }
  const bool stop = process_.stop_asked.load();
  const auto state = stop ? RunState::stop : process_.workers.run_state();
  obey(state);
  if (now_ >= drain_at_) {
    drain_at_ = base::Instant::max();
    close(static_cast<std::uint16_t>(process_.drain.code), Outcome::drained);
  }
  if (now_ < look_at_) return;
  look_at_ = now_ + kRound;
  for (const auto side : kSides) pump(side).look_at_line(now_);
  tunnel_.show(now_);
  // Without a caretaker, nobody else in this process works on the jobs.
  if (process_.caretaker == nullptr)
    guard_void(process_.server, [&] { work_on_jobs(process_.server, process_.segment); });
  if (const auto code = tunnel_.take_close_command()) close(code, Outcome::ordered);
}

void WorkerLoop::obey(RunState state) {
  if (state <= run_state_) return;
  run_state_ = state;
  if (state == RunState::drain) drain_at_ = end_of_drain(process_.drain, now_);
  if (state != RunState::stop) return;
  stop_at_ = now_ + tunnel::Engine::kStopTime;
  if (!over_) tunnel_.begin_close(os::random32(), outcome_of_stop(process_));
}

void WorkerLoop::close(std::uint16_t code, Outcome outcome) {
  if (!over_) tunnel_.begin_close({code, code}, os::random32(), outcome);
}

void WorkerLoop::turn() {
  more_ = false;
  if (over_) return;
  for (const auto side : kSides) {
    auto& end = tunnel_.endpoint(side);
    end.stream.note_readable(false);
    end.read_ready = true;
    end.write_blocked = false;
    if (pump(side).input_over()) tunnel_.note_hang_up(side);
  }
  const std::span<std::uint8_t> buffer(buffer_.get(), tunnel::EventLoop::kReadBuffer);
  for (const auto side : kSides) {
    tunnel_.flush(other(side));
    more_ = tunnel_.relay(side, buffer, tunnel::EventLoop::kBudget, process_.recorder) || more_;
  }
  over_ = tunnel_.settle();
  more_ = tunnel_.take_again() || more_;
  if (tunnel_.ping_waits()) tunnel_.send_waiting_pings(process_.recorder);
  if (tunnel_.take_progress() && tunnel_.ending()) tunnel_.stay();
  count_waiting(tunnel_.waiting());
}

// Handles connections that have broken, and sides that the tunnel has given up.
void WorkerLoop::note_losses() {
  for (const auto side : kSides) {
    if (tunnel_.endpoint(side).lost) pump(side).give_up();
    if (!pump(side).lost()) continue;
    if (side == Side::client && httpd_stops(process_)) obey(RunState::stop);
    const auto how = side == Side::client ? Outcome::client_reset : Outcome::origin_reset;
    if (!tunnel_.from(side).close_seen()) tunnel_.end_as(how, cause_of(side));
    pump(side).detach();
  }
}

// Ends the input of a stream that has got its last byte: nobody can learn more of it.
void WorkerLoop::end_streams() noexcept {
  if (client_.is_stream() && client_.output_over() && !client_.lost()) client_.end_input();
}

void WorkerLoop::cut_stalled() noexcept {
  for (const auto side : kSides) {
    if (now_ < stalls_at(pump(side))) continue;
    tunnel_.end_as(Outcome::stalled, cause_of(side));
    pump(side).give_up();
  }
}

// The latest time at which the peer must have taken some of the bytes that wait; Instant::max(): none.
base::Instant WorkerLoop::stalls_at(const Pump& pump) const noexcept {
  const auto most = stall_.count() == 0 && over_ ? kLastBytes : stall_;
  return pump.blocked() && most.count() != 0 ? pump.moved_at() + most : base::Instant::max();
}

void WorkerLoop::meet_deadline() {
  if (over_) return;
  tunnel_.begin_turn(now_, false);
  const auto due = deadline();
  if (due.at > now_ || excused(due)) return;
  over_ = tunnel_.meet(due, process_.recorder);
  if (over_) cut();
  more_ = true;
}

tunnel::Deadline WorkerLoop::deadline() noexcept {
  return tunnel_.deadline(now_, tunnel_.has_session() ? base::wall_ahead() : base::Millis::zero());
}

// Cuts the tunnel off. An end that was decided here does not wait for a peer that takes nothing.
void WorkerLoop::cut() noexcept {
  tunnel_.cut_off();
  for (const auto side : kSides) {
    if (tunnel_.closing() && pump(side).blocked()) pump(side).give_up();
  }
}

// True if `due` is put off: bytes still move behind the socket pair, where the tunnel does not see them.
bool WorkerLoop::excused(const tunnel::Deadline& due) noexcept {
  const auto busy = [&](Side side) {
    pump(side).look_at_line(now_);
    return pump(side).blocked() || pump(side).line_moves(now_);
  };
  if (due.what == Due::ping_timeout && busy(due.side)) {
    tunnel_.endpoint(due.side).heard_at = tunnel::stamp(now_);
    return true;
  }
  // An end that was decided here is not put off.
  if (due.what == Due::close && !tunnel_.closing() && (busy(Side::client) || busy(Side::origin))) {
    tunnel_.stay();
    return true;
  }
  return false;
}

void WorkerLoop::count_waiting(std::uint32_t waiting) noexcept {
  process_.recorder.buffered(std::int64_t{waiting} - std::int64_t{tunnel_.counted_waiting});
  tunnel_.counted_waiting = waiting;
}

}  // namespace wsflow::httpd
