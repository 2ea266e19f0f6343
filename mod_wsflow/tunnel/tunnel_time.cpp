#include <algorithm>
#include <bit>

#include "mod_wsflow/os/random.hpp"
#include "mod_wsflow/tunnel/tunnel.hpp"
#include "mod_wsflow/ws/frame_header.hpp"

namespace wsflow::tunnel {

namespace {
using base::Outcome;
}  // namespace

Deadline Tunnel::deadline(base::Instant now) noexcept {
  Deadline first;
  nearer_ = false;
  const auto consider = [&](std::uint32_t since, std::uint32_t after, Due what, Side side = Side::client) {
    const auto elapsed = now_ - since;
    const auto at = now + base::Millis(elapsed < after ? after - elapsed : 0);
    if (at < first.at) first = {.at = at, .what = what, .side = side};
  };
  for (const auto side : {Side::client, Side::origin}) {
    if (endpoint(side).rate_paused && gate(side)) consider(now_, gate(side)->wait(now_), Due::rate, side);
  }
  if (ending()) {
    if (terms_->close != 0) consider(active_at_, terms_->close, Due::close);
    return first;
  }
  if (lives_until_ != base::Instant::max() && lives_until_ < first.at)
    first = {.at = std::max(lives_until_, now), .what = Due::lifetime};
  if (terms_->idle != 0) consider(active_at_, terms_->idle, Due::idle);
  if (terms_->told_every != 0 && chronicle_) consider(chronicle_->told_at, terms_->told_every, Due::alive);
  for (const auto side : {Side::client, Side::origin}) {
    const auto& peer = endpoint(side);
    if (terms_->stall != 0 && !peer.pending.empty()) consider(peer.moved_at, terms_->stall, Due::stall, side);
    const auto quiet = side == Side::client ? terms_->ping_client : terms_->ping_origin;
    if (quiet == 0 || peer.ping_waits || observer_[0].broken() || observer_[1].broken()) continue;
    if (peer.read_paused || peer.rate_paused) continue;  // its answer would not be read
    const auto* ping = gate(side) ? &gate(side)->ping : nullptr;
    // Any byte is a sign of life, and so the answer to every ping before it.
    const bool waits =
        ping != nullptr && ping->unanswered != 0 && now_ - ping->sent_at < now_ - peer.heard_at;
    if (!waits) {
      consider(peer.heard_at, quiet, Due::ping, side);
    } else if (terms_->ping_timeout != 0) {
      consider(ping->waits_since, terms_->ping_timeout, Due::ping_timeout, side);
    }
  }
  return first;
}

bool Tunnel::meet(const Deadline& due, metrics::Recorder& recorder) {
  const auto close = [&](Outcome why) { begin_close(close_codes(why, Cause::nobody), os::random32(), why); };
  switch (due.what) {
    case Due::nothing:
    case Due::alive: break;  // the loop has told
    case Due::lifetime: close(Outcome::lifetime); break;
    case Due::idle: close(Outcome::idle_timeout); break;
    case Due::stall: give_up(due.side, Outcome::stalled); break;
    case Due::ping: ping(due.side, recorder); break;
    case Due::ping_timeout:
      if (!takes_bytes(due.side)) give_up(due.side, Outcome::ping_timeout);
      break;
    case Due::rate:
      endpoint(due.side).rate_paused = false;
      endpoint(due.side).heard_at = now_;  // while it was not read, its silence was ours
      break;
    case Due::close:
      if (!both_closes_seen() && ended_by_peers()) first_end_ = Outcome::close_timeout;
      return true;
  }
  return false;
}

// Between frames only, and not behind bytes that wait: it would not tell how the peer is.
bool Tunnel::can_ping(Side side) const noexcept {
  const auto& peer = endpoint_[static_cast<std::size_t>(side)];
  return from(other(side)).at_boundary() && peer.pending.empty() && !peer.out_ended && !peer.lost;
}

void Tunnel::ping(Side side, metrics::Recorder& recorder) {
  auto& peer = endpoint(side);
  peer.ping_waits = !can_ping(side);
  if (peer.ping_waits) return;
  auto& judge = gate(side);
  const auto direction =
      side == Side::client ? metrics::Direction::client_to_origin : metrics::Direction::origin_to_client;
  if (!judge) judge = std::make_unique<FrameGate>(direction, *terms_, extensions_, now_);
  auto& ping = judge->ping;
  if (ping.unanswered == 0) ping.payload = std::bit_cast<decltype(ping.payload)>(os::random64());
  if (ping.unanswered != UINT8_MAX) ++ping.unanswered;
  const auto delivery = os::delivery(peer.stream.fd());
  ping.behind_others = delivery.waiting != 0;
  ping.delivered = delivery.confirmed;
  ping.sent_at = ping.waits_since = now_;
  std::uint8_t frame[2 + 4 + FrameGate::kPingPayload];
  const auto mask_key = os::random32();
  const auto size =
      ws::encode_control(frame, ws::Opcode::ping, ping.payload, side == Side::origin ? &mask_key : nullptr);
  pass_on(side, {frame, size});
  recorder.pinged(direction);
}

bool Tunnel::send_waiting_pings(metrics::Recorder& recorder) {
  bool changed = false;
  for (const auto side : {Side::client, Side::origin}) {
    auto& peer = endpoint(side);
    if (!peer.ping_waits) continue;
    const auto quiet = side == Side::client ? terms_->ping_client : terms_->ping_origin;
    if (ending() || now_ - peer.heard_at < quiet) {
      peer.ping_waits = false;
    } else {
      ping(side, recorder);
    }
    changed = changed || !peer.ping_waits;
  }
  return changed;
}

// A slow connection may still be busy with what was sent before the ping. True if so, until it rests as long
// as a pong may take.
bool Tunnel::takes_bytes(Side side) noexcept {
  auto& ping = gate(side)->ping;
  const auto confirmed = os::delivery(endpoint(side).stream.fd()).confirmed;
  if (!ping.behind_others || confirmed == ping.delivered) return false;
  ping.delivered = confirmed;
  ping.waits_since = now_;
  return true;
}

void Tunnel::show(base::Instant now) noexcept {
  using namespace shm::trait;
  const auto age = static_cast<std::uint64_t>((now - started_).count());
  const std::uint64_t quiet = stamp(now) - active_at_;
  const bool slow[] = {!endpoint_[0].pending.empty(), !endpoint_[1].pending.empty()};
  row_.show(
      {.bytes = {observer_[0].bytes(), observer_[1].bytes()},
       .messages = {observer_[0].messages(), observer_[1].messages()},
       .active = static_cast<std::uint32_t>((age - std::min(age, quiet)) / 1000),
       .rtt = rtt_,
       .traits = static_cast<std::uint16_t>((slow[0] ? kSlowClient : 0U) | (slow[1] ? kSlowOrigin : 0U) |
                                            (ending() || closing() ? kEnding : 0U))});
}

}  // namespace wsflow::tunnel
