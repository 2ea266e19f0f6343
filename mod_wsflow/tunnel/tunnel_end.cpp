#include "mod_wsflow/base/assert.hpp"
#include "mod_wsflow/os/random.hpp"
#include "mod_wsflow/tunnel/tunnel.hpp"
#include "mod_wsflow/ws/frame_header.hpp"

namespace wsflow::tunnel {

namespace {

using base::Outcome;

constexpr EndedBy cause_of(Side side) noexcept {
  return side == Side::client ? EndedBy::client : EndedBy::origin;
}
constexpr std::uint16_t& code_of(CloseCodes& codes, Side side) noexcept {
  return side == Side::client ? codes.client : codes.origin;
}

}  // namespace

bool Tunnel::settle() {
  WSFLOW_ASSERT(thread_.here());
  note_closer();
  if (!first_end_ && both_closes_seen()) end_as(Outcome::closed, closer_);
  if (closing()) {
    close_at_boundary(Side::client);
    close_at_boundary(Side::origin);
  }
  if (!ending()) return false;
  for (const auto side : {Side::client, Side::origin}) {
    auto& sink = endpoint(side);
    if (sink.out_ended || !sink.pending.empty()) continue;
    // After a complete closing handshake the server ends the TCP connection first (RFC 6455 7.1.1): the
    // client gets our FIN at once, and we wait for that of the origin.
    const bool handshake_done = both_closes_seen() && (side == Side::client || sink.in_ended);
    const bool no_more_comes = endpoint(other(side)).finished_reading();
    if (no_more_comes) close_at_boundary(side);
    if ((!no_more_comes && !handshake_done && !cut(side)) || !sink.pending.empty()) continue;
    if (side == Side::client) give_permit_back();
    sink.end_output();
  }
  return endpoint_[0].done() && endpoint_[1].done();
}

void Tunnel::begin_close(CloseCodes codes, std::uint32_t mask_key, Outcome outcome, EndedBy cause) {
  WSFLOW_ASSERT(thread_.here());
  if (closing()) return;
  order_close(codes, mask_key, outcome, cause);
  close_at_boundary(Side::client);
  close_at_boundary(Side::origin);
}

void Tunnel::order_close(CloseCodes codes, std::uint32_t mask_key, Outcome outcome, EndedBy cause) noexcept {
  closing_ = true;
  codes_ = codes;
  mask_key_ = mask_key;
  active_at_ = now_;
  end_as(outcome, cause);
  for (auto& endpoint : endpoint_) endpoint.rate_paused = false;  // read on, to see its end
}

// `from` has sent bytes that the options forbid: no more of its bytes pass. settle() sends the Close frames,
// as nothing can be written before adoption.
void Tunnel::refuse(Side from, Outcome why) noexcept {
  if (closing()) return;
  order_close(close_codes(why, cause_of(from)), os::random32(), why, cause_of(from));
  // A Close frame cannot stand inside another frame.
  cut(other(from)) = !observer(from).at_boundary();
}

// Treats `side` as lost, and resets its connection.
void Tunnel::give_up(Side side, Outcome why) noexcept {
  auto& gone = endpoint(side);
  end_as(why, cause_of(side));
  gone.lost = true;
  gone.pending.clear();
  gone.stream.reset_on_close();
  endpoint(other(side)).read_paused = false;
}

std::uint16_t Tunnel::code_for(Side to) const noexcept {
  const auto code_in = [to](const CloseCodes& codes) {
    return to == Side::client ? codes.client : codes.origin;
  };
  if (closing()) return code_in(codes_);
  // The side gets its own code back, as if the other side had answered (RFC 6455 5.5.1).
  if (from(to).close_seen()) return from(to).close_code();
  return code_in(close_codes(outcome(), cause_));
}

void Tunnel::close_at_boundary(Side to) {
  auto& sink = endpoint(to);
  const auto& sent = from(other(to));
  if (cut(to) || sink.out_ended || sink.lost) return;
  cut(to) = sent.close_seen() || sent.broken();
  const auto code = code_for(to);
  if (cut(to) || !sent.at_boundary() || code == 0) return;
  cut(to) = true;
  std::uint8_t frame[ws::kMaxCloseSize];
  if (!closing()) mask_key_ = os::random32();
  const auto size = ws::encode_close(frame, code, {}, to == Side::origin ? &mask_key_ : nullptr);
  code_of(our_closes_, to) = code;
  pass_on(to, {frame, size});
}

void Tunnel::cut_off() noexcept {
  WSFLOW_ASSERT(thread_.here());
  give_permit_back();
  for (auto& sink : endpoint_) sink.end_output();
}

void Tunnel::end_as(Outcome outcome, EndedBy cause) noexcept {
  if (first_end_) return;
  first_end_ = outcome;
  cause_ = cause;
  progress_ = true;
  for (auto& endpoint : endpoint_) endpoint.looked = false;  // still_delivering() counts from now on
}

void Tunnel::note_hang_up(Side side) noexcept {
  if (hang_up_waits_ || !endpoint(side).read_paused) return;
  hang_up_waits_ = true;
  progress_ = true;
}

// Runs before the client can know that its tunnel is over: a client that comes again at once finds its permit
// free.
void Tunnel::give_permit_back() noexcept {
  if (!permit_) return;
  row_.forget_permit();
  permit_ = {};
}

// If both sides sent a Close frame in one turn, the client's counts as the first.
void Tunnel::note_closer() noexcept {
  for (const auto side : {Side::client, Side::origin}) {
    if (closer_ == EndedBy::nobody && observer(side).close_seen()) closer_ = cause_of(side);
  }
}

void Tunnel::note_end(Side side, bool broken) noexcept {
  note_closer();
  if (closer_ != EndedBy::nobody) {
    end_as(Outcome::closed, closer_);
  } else if (broken && endpoint(side).timed_out) {
    end_as(Outcome::stalled, cause_of(side));
  } else if (broken) {
    end_as(side == Side::client ? Outcome::client_reset : Outcome::origin_reset, cause_of(side));
  } else {
    end_as(side == Side::client ? Outcome::client_eof : Outcome::origin_eof, cause_of(side));
  }
}

bool Tunnel::ended_by_peers() const noexcept {
  const auto how = outcome();
  return how == Outcome::closed || how == Outcome::client_eof || how == Outcome::origin_eof ||
         how == Outcome::client_reset || how == Outcome::origin_reset;
}

}  // namespace wsflow::tunnel
