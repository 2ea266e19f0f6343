#include <algorithm>
#include <bit>

#include "mod_wsflow/os/random.hpp"
#include "mod_wsflow/tunnel/tunnel.hpp"
#include "mod_wsflow/ws/frame_header.hpp"

namespace wsflow::tunnel {

namespace {
using base::Outcome;

// Once bytes wait for a side, Due::look notes after this time how many it has taken; Due::stall compares.
constexpr std::uint32_t look_after(std::uint32_t stall) noexcept {
  return std::min<std::uint32_t>(stall / 8, 1000);
}
// Longest round trip that a ping's time-out allows for, in milliseconds.
constexpr std::uint32_t kLongestRoundTrip = 60'000;
}  // namespace

Deadline Tunnel::deadline(base::Instant now, base::Millis wall_ahead, const Absence& absence) noexcept {
  Deadline first;
  nearer_ = false;
  const auto consider = [&](std::uint32_t since, std::uint32_t after, Due what, Side side = Side::client) {
    auto elapsed = now_ - since;
    if (absence.length != 0 && elapsed > now_ - stamp(absence.until))
      elapsed -= std::min(elapsed, absence.length);
    const auto at = now + base::Millis(elapsed < after ? after - elapsed : 0);
    if (at < first.at) first = {.at = at, .what = what, .side = side};
  };
  for (const auto side : {Side::client, Side::origin}) {
    if (endpoint(side).rate_paused && gate(side) != nullptr)
      consider(now_, gate(side)->wait(now_), Due::rate, side);
  }
  if (closing()) {
    consider(active_at_, options_->close, Due::close);
    return first;
  }
  if (const auto last = last_moment(lives_until_, session_until_, wall_ahead); last < first.at)
    first = {.at = std::max(last, now), .what = Due::lifetime};
  for (const auto side : {Side::client, Side::origin}) {
    const auto& peer = endpoint(side);
    if (options_->stall == 0 || peer.pending.empty()) continue;
    consider(peer.moved_at, peer.looked ? options_->stall : look_after(options_->stall),
             peer.looked ? Due::stall : Due::look, side);
  }
  if (held_) {
    consider(rare_->lost_at, rare_->tell_after, Due::told);
    return first;
  }
  if (ending()) {
    // A peer for which bytes wait cannot have answered yet.
    if (waiting() == 0) consider(active_at_, options_->close, Due::close);
    return first;
  }
  if (options_->idle != 0) consider(active_at_, options_->idle, Due::idle);
  if (rare_) {
    rare_->listeners.each_interval([&](auto since, auto interval) { consider(since, interval, Due::alive); });
  }
  for (const auto side : {Side::client, Side::origin}) {
    const auto& peer = endpoint(side);
    const auto quiet = side == Side::client ? options_->ping_client : options_->ping_origin;
    if (quiet == 0 || peer.ping_waits || observer_[0].broken() || observer_[1].broken()) continue;
    if (peer.read_paused || peer.rate_paused) continue;  // its answer would not be read
    const auto* ping = gate(side) != nullptr ? &gate(side)->ping : nullptr;
    // Any byte is a sign of life, and so answers every ping before it.
    const bool waits =
        ping != nullptr && ping->unanswered != 0 && now_ - ping->sent_at < now_ - peer.heard_at;
    if (!waits) {
      consider(peer.heard_at, quiet, Due::ping, side);
    } else if (options_->ping_timeout != 0) {
      consider(ping->waits_since, ping->timeout, Due::ping_timeout, side);
    }
  }
  return first;
}

void Tunnel::expect_everything() noexcept {
  for (auto& endpoint : endpoint_) {
    endpoint.stream.note_readable(false);
    endpoint.read_ready = true;
  }
}

bool Tunnel::meet(const Deadline& due, metrics::Recorder& recorder) {
  const auto close = [&](Outcome why) { begin_close(os::random32(), why); };
  auto& peer = endpoint(due.side);
  switch (due.what) {
    case Due::nothing: break;
    case Due::alive: rare_->listeners.notify_alive(*this, due.at); break;
    case Due::told:
      held_ = false;
      active_at_ = now_;  // the time of `close` begins
      break;
    case Due::lifetime: close(Outcome::lifetime); break;
    case Due::idle: close(Outcome::idle_timeout); break;
    case Due::look:
      peer.taken = os::delivery(peer.stream.fd()).taken;
      peer.looked = true;
      break;
    case Due::stall:
      if (!takes_bytes(due.side, os::delivery(peer.stream.fd()))) give_up(due.side, Outcome::stalled);
      break;
    case Due::ping: ping(due.side, recorder); break;
    case Due::ping_timeout:
      if (!may_still_answer(due.side)) give_up(due.side, Outcome::ping_timeout);
      break;
    case Due::rate:
      peer.rate_paused = false;
      peer.heard_at = now_;  // we did not read it, so its silence counts from now
      break;
    case Due::close:
      if (!closing() && (still_delivering(Side::client) || still_delivering(Side::origin))) {
        stay();
        break;
      }
      if (!ended_ || (!both_closes_seen() && ended_by_peers())) {
        ended_ = true;
        first_end_ = Outcome::close_timeout;
      }
      return true;
  }
  return false;
}

// A ping goes between frames, and not behind waiting bytes: it would measure them instead of the peer.
bool Tunnel::can_ping(Side side) const noexcept {
  const auto& peer = endpoint_[static_cast<std::size_t>(side)];
  return from(other(side)).at_boundary() && peer.pending.empty() && !peer.out_ended && !peer.lost;
}

void Tunnel::ping(Side side, metrics::Recorder& recorder) {
  auto& peer = endpoint(side);
  peer.ping_waits = !can_ping(side);
  if (peer.ping_waits) return;
  const auto direction =
      side == Side::client ? metrics::Direction::client_to_origin : metrics::Direction::origin_to_client;
  auto& judge = gate(side) != nullptr ? *gate(side) : add_gate(side);
  auto& ping = judge.ping;
  if (ping.unanswered == 0) {
    ping.payload = std::bit_cast<decltype(ping.payload)>(os::random64());
  } else {
    ++ping.payload.back();
  }
  if (ping.unanswered != UINT8_MAX) ++ping.unanswered;
  ping.sent_at = ping.waits_since = now_;
  ping.on_its_way = os::delivery(peer.stream.fd()).waiting != 0;
  std::uint8_t frame[2 + 4 + FrameGate::kPingPayload];
  const auto mask_key = side == Side::origin ? os::random32() : 0;
  const auto size =
      ws::encode_control(frame, ws::Opcode::ping, ping.payload, side == Side::origin ? &mask_key : nullptr);
  pass_on(side, {frame, size});
  recorder.pinged(direction);
  const auto delivery = os::delivery(peer.stream.fd());
  ping.end = delivery.confirmed + delivery.waiting + peer.pending.size();
  ping.taken = delivery.taken;
  ping.arrived = delivery.arrived;
  // On a slow path the peer gets at least as long as the kernel waits for an acknowledgement.
  ping.timeout = std::max(options_->ping_timeout, std::min(2 * delivery.round_trip, kLongestRoundTrip));
}

bool Tunnel::send_waiting_pings(metrics::Recorder& recorder) {
  bool changed = false;
  for (const auto side : {Side::client, Side::origin}) {
    auto& peer = endpoint(side);
    if (!peer.ping_waits) continue;
    const auto quiet = side == Side::client ? options_->ping_client : options_->ping_origin;
    if (ending() || now_ - peer.heard_at < quiet) {
      peer.ping_waits = false;
    } else {
      ping(side, recorder);
    }
    changed = changed || !peer.ping_waits;
  }
  return changed;
}

// True if the peer's system has taken bytes since the last look.
bool Tunnel::takes_bytes(Side side, const os::Delivery& delivery) noexcept {
  auto& peer = endpoint(side);
  if (peer.taken == delivery.taken) return false;
  peer.taken = delivery.taken;
  peer.moved_at = now_;
  return true;
}

// A silent peer may still answer if the kernel has received parts of its words (the beginning of a TLS
// record, segments behind a lost one), or if the ping is on its way behind other bytes that are being
// delivered.
bool Tunnel::may_still_answer(Side side) noexcept {
  auto& ping = gate(side)->ping;
  const auto delivery = os::delivery(endpoint(side).stream.fd());
  if (delivery.arrived != ping.arrived) {
    ping.arrived = delivery.arrived;
    endpoint(side).heard_at = now_;
    return true;
  }
  if (!ping.on_its_way || delivery.taken == ping.taken) return false;
  ping.taken = delivery.taken;
  ping.on_its_way = delivery.confirmed < ping.end;
  // The time of a delivered ping began with its acknowledgement.
  const auto quiet = ping.on_its_way ? 0 : std::min(delivery.quiet, now_ - ping.waits_since);
  ping.waits_since = now_ - quiet;
  return quiet < ping.timeout;
}

// True if the kernel has bytes for a side that takes them, or that has time until `stall` to take some.
bool Tunnel::still_delivering(Side side) noexcept {
  auto& peer = endpoint(side);
  if (peer.lost) return false;
  const auto delivery = os::delivery(peer.stream.fd());
  if (delivery.waiting == 0) return false;
  if (!peer.looked) peer.moved_at = now_;
  peer.looked = true;
  return takes_bytes(side, delivery) || options_->stall == 0 || now_ - peer.moved_at < options_->stall;
}

void Tunnel::show(base::Instant now) noexcept {
  using namespace shm::trait;
  const auto age = static_cast<std::uint64_t>((now - started_).count());
  const std::uint64_t quiet = stamp(now) - active_at_;
  const bool slow[] = {!endpoint_[0].pending.empty(), !endpoint_[1].pending.empty()};
  if (row_ == shm::RowLease::kNone) return;
  options_->lenders.rows->show(
      row_,
      {.bytes = {observer_[0].bytes(), observer_[1].bytes()},
       .messages = {observer_[0].messages(), observer_[1].messages()},
       .active = static_cast<std::uint32_t>((age - std::min(age, quiet)) / 1000),
       .rtt = {endpoint_[0].rtt, endpoint_[1].rtt},
       .traits = static_cast<std::uint16_t>((slow[0] ? kSlowClient : 0U) | (slow[1] ? kSlowOrigin : 0U) |
                                            (ending() || closing() ? kEnding : 0U))});
}

}  // namespace wsflow::tunnel
