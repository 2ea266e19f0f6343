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
  if (!ended_ && both_closes_seen()) end_as(Outcome::closed, closer_);
  if (closing()) {
    close_at_boundary(Side::client);
    close_at_boundary(Side::origin);
  }
  if (!ending()) return false;
  for (const auto side : {Side::client, Side::origin}) {
    auto& sink = endpoint(side);
    if (sink.out_ended || !sink.pending.empty() || (side == Side::client && held())) continue;
    // After a complete closing handshake the server ends the TCP connection first (RFC 6455 7.1.1): the
    // client gets our FIN at once, and we wait for that of the origin.
    const bool handshake_done = both_closes_seen() && (side == Side::client || sink.in_ended);
    const bool no_more_comes = endpoint(other(side)).finished_reading();
    if (no_more_comes) close_at_boundary(side);
    if ((!no_more_comes && !handshake_done && !sink.cut) || !sink.pending.empty()) continue;
    if (side == Side::client) give_permit_back();
    sink.end_output();
  }
  return endpoint_[0].done() && endpoint_[1].done();
}

void Tunnel::begin_close(CloseCodes codes, std::uint32_t mask_key, Outcome outcome, EndedBy cause) {
  WSFLOW_ASSERT(thread_.here());
  if (closing()) return;
  order_close(codes, outcome, cause);
  close_at_boundary(Side::client, mask_key);
  close_at_boundary(Side::origin, mask_key);
}

bool Tunnel::loses_origin() noexcept {
  if (!ended_ || weighed_) return false;
  weighed_ = true;
  const auto* ending = find_ending(first_end_, cause_);
  return ending != nullptr && ending->to_client == Notice::origin_lost && !closing_;
}

void Tunnel::tell_later(base::Millis delay) {
  if (!rare_) rare_ = std::make_unique<Rare>();
  rare_->lost_at = now_;
  rare_->tell_after = static_cast<std::uint32_t>(delay.count());
  held_ = true;
}

// A client that ends by itself is not kept waiting.
bool Tunnel::held() noexcept {
  held_ =
      held_ && !closing_ && !endpoint(Side::client).finished_reading() && !from(Side::client).close_seen();
  return held_;
}

void Tunnel::order_close(CloseCodes codes, Outcome outcome, EndedBy cause) noexcept {
  closing_ = true;
  for (const auto side : {Side::client, Side::origin}) {
    if (!endpoint(side).told) code_of(codes_, side) = code_of(codes, side);
  }
  active_at_ = now_;
  end_as(outcome, cause);
  for (auto& endpoint : endpoint_) endpoint.rate_paused = false;  // read on, to see its end
}

// `from` has sent bytes that the options forbid: no more of its bytes pass. settle() sends the Close frames,
// as nothing can be written before adoption.
void Tunnel::refuse(Side from, Outcome why) noexcept {
  if (closing()) return;
  order_close(close_codes(why, cause_of(from), options_->client_codes), why, cause_of(from));
  // A Close frame cannot stand inside another frame.
  endpoint(other(from)).cut = !observer(from).at_boundary();
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
  return code_in(close_codes(outcome(), cause_, options_->client_codes));
}

// The text of our Close frame; empty for a side that gets its own code back.
std::string_view Tunnel::reason_for(Side to) const noexcept {
  if (!closing() && from(to).close_seen()) return {};
  return close_reason(outcome(), cause_, to == Side::client);
}

void Tunnel::close_at_boundary(Side to, std::optional<std::uint32_t> mask_key) {
  auto& sink = endpoint(to);
  const auto& sent = from(other(to));
  if (sink.cut || sink.out_ended || sink.lost) return;
  sink.cut = sent.close_seen() || sent.broken();
  const auto code = code_for(to);
  if (sink.cut || !sent.at_boundary()) return;
  if (code == 0) {
    sink.cut = closing();  // an end without a Close frame
    return;
  }
  sink.cut = sink.told = true;
  std::uint8_t frame[ws::kMaxCloseSize];
  const auto key = mask_key ? *mask_key : to == Side::origin ? os::random32() : 0;
  const auto size = ws::encode_close(frame, code, reason_for(to), to == Side::origin ? &key : nullptr);
  code_of(codes_, to) = code;
  if (to == Side::client) give_permit_back();
  pass_on(to, {frame, size});
}

void Tunnel::cut_off() noexcept {
  WSFLOW_ASSERT(thread_.here());
  give_permit_back();
  for (auto& sink : endpoint_) sink.end_output();
}

void Tunnel::end_as(Outcome outcome, EndedBy cause) noexcept {
  if (ended_) return;
  ended_ = true;
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
  const auto& lenders = options_->lenders;
  if (row_ != shm::RowLease::kNone) lenders.rows->forget_permit(row_);
  if (ended_by_policy()) lenders.limiter->punish(permit_);
  lenders.limiter->release(permit_, limits::now());
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

// The client has done what its tunnel does not allow.
bool Tunnel::ended_by_policy() const noexcept {
  const auto how = outcome();
  return cause_ == EndedBy::client &&
         (how == Outcome::too_big || how == Outcome::too_fast || how == Outcome::not_websocket);
}

bool Tunnel::ended_by_peers() const noexcept {
  const auto how = outcome();
  return how == Outcome::closed || how == Outcome::client_eof || how == Outcome::origin_eof ||
         how == Outcome::client_reset || how == Outcome::origin_reset;
}

}  // namespace wsflow::tunnel
