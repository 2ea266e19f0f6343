#include "mod_wsflow/tunnel/tunnel.hpp"

#include <algorithm>

#include "mod_wsflow/os/random.hpp"

namespace wsflow::tunnel {

namespace {

// The high watermark while too many bytes wait in the process.
constexpr std::uint32_t kCrowdedWatermark = 4096;
// A read costs a tunnel this much of its budget on top of its bytes; with TLS each record does, even an empty
// one.
constexpr std::size_t kReadCost = 4096;

constexpr metrics::Direction from_side(Side side) noexcept {
  return side == Side::client ? metrics::Direction::client_to_origin : metrics::Direction::origin_to_client;
}

}  // namespace

Tunnel::Tunnel(Parts parts, base::Instant now)
    : extensions_(parts.extensions),
      now_(stamp(now)),
      active_at_(now_),
      endpoint_{Endpoint(std::move(parts.client_fd), std::move(parts.client_ssl)),
                Endpoint(std::move(parts.origin_fd), std::move(parts.origin_ssl))},
      observer_{Observer(from_side(Side::client)), Observer(from_side(Side::origin))},
      options_(parts.options),
      admission_(std::move(parts.admission)),
      permit_(std::move(parts.permit)),
      row_(std::move(parts.row)),
      origin_lease_(std::move(parts.origin_lease)),
      listeners_(std::move(parts.listeners)),
      started_(now),
      lives_until_(parts.lives_until),
      id_(parts.id),
      session_until_(parts.session_until) {
  begin(now);
  for (const auto side : {Side::client, Side::origin}) {
    if (FrameGate::polices(from_side(side), *options_))
      gate(side) = std::make_unique<FrameGate>(from_side(side), *options_, extensions_, now_);
  }
}

void Tunnel::begin(base::Instant now) noexcept {
  thread_.set();
  now_ = active_at_ = stamp(now);
  for (auto& endpoint : endpoint_) {
    endpoint.heard_at = now_;
    endpoint.note_moved(now_);
  }
}

void Tunnel::preload(Side from, std::span<const std::uint8_t> bytes, metrics::Recorder& recorder) {
  WSFLOW_ASSERT(thread_.here());
  if (bytes.empty()) return;
  if (gate(from)) {
    std::vector<std::uint8_t> judged(bytes.begin(), bytes.end());
    const auto result = gate(from)->filter(judged, now_, observer(from), recorder);
    endpoint(other(from)).pending.append(std::span(judged).first(result.bytes));
    if (result.verdict) refuse(from, *result.verdict);
    return;
  }
  observer(from).see(bytes, recorder);
  endpoint(other(from)).pending.append(bytes);
}

std::uint32_t Tunnel::high_watermark() const noexcept {
  return crowded_ ? std::min(kCrowdedWatermark, options_->high_watermark) : options_->high_watermark;
}

bool Tunnel::relay(Side from, std::span<std::uint8_t> buffer, std::size_t budget,
                   metrics::Recorder& recorder) {
  WSFLOW_ASSERT(thread_.here());
  auto& source = endpoint(from);
  auto& sink = endpoint(other(from));
  std::size_t passed = 0;
  while (source.readable()) {
    if (passed >= budget) return true;
    // The sink takes no more bytes: read on only to learn of the end.
    const bool discard = sink.lost || sink.out_ended || cut(other(from));
    std::size_t room = buffer.size();
    // Bytes that are written through need no room in the queue. If some wait already, or the process is
    // crowded, the read is bounded by the watermark.
    if (const std::size_t waiting = sink.pending.size(); !discard && (waiting != 0 || crowded_)) {
      const auto most = high_watermark();
      if (waiting >= most) {
        source.read_paused = true;
        break;
      }
      room = std::min(room, most - waiting);
    }
    auto* const judge = discard || closing() ? nullptr : gate(from).get();
    std::size_t held = 0;
    if (judge != nullptr) [[unlikely]] {
      held = judge->restore(buffer);
      room = std::min({room, buffer.size() - held, judge->room(now_, observer(from).payload_left())});
      source.rate_paused = room == 0;
      if (source.rate_paused) break;
    }
    const auto got = source.stream.read(buffer.subspan(held, room));
    if (got.status == os::Io::again && !source.write_failed) {
      source.read_ready = false;
      if (source.stream.heard()) note_sign_of_life(from);  // part of a TLS record has come
      continue;
    }
    if (got.status != os::Io::ok) {
      const bool broken = got.status != os::Io::eof || source.write_failed;
      (broken ? source.lost : source.in_ended) = true;
      source.note_error(got.error);
      if (held != 0) {  // the stream ended inside the header of a frame
        observer(from).see(buffer.first(held), recorder);
        pass_on(other(from), buffer.first(held));
      }
      note_end(from, broken);
      if (!broken) continue;
      // The bytes that waited for the lost side are gone; if they paused the other side, it needs a turn.
      source.pending.clear();
      if (std::exchange(sink.read_paused, false)) return true;
      continue;
    }
    passed += got.bytes + kReadCost * std::max(source.stream.work(), 1U);
    if (got.bytes == 0) {  // TLS records without data
      note_sign_of_life(from);
      continue;
    }
    source.heard_at = now_;
    const auto bytes = buffer.first(held + got.bytes);
    if (discard) {
      if (!cut(other(from))) observer(from).see(bytes, recorder);
      continue;
    }
    progress_ = true;
    if (closing()) [[unlikely]] {
      pass_on_to_boundary(other(from), bytes, recorder);
      continue;
    }
    if (judge != nullptr) [[unlikely]] {
      if (let_through(from, bytes, recorder) == 0) continue;
    } else {
      observer(from).see(bytes, recorder);
      pass_on(other(from), bytes);
    }
    active_at_ = now_;
  }
  return false;
}

// TLS bytes have come that carry no byte of the tunnel yet.
void Tunnel::note_sign_of_life(Side from) noexcept {
  endpoint(from).heard_at = now_;
  nearer_ = nearer_ || (gate(from) && gate(from)->ping.unanswered != 0);
}

void Tunnel::pass_on(Side to, std::span<const std::uint8_t> bytes) {
  auto& sink = endpoint(to);
  const bool waited = !sink.pending.empty();
  // A client that gets the last Close frame may come again at once.
  if (!waited && both_closes_seen()) [[unlikely]]
    give_permit_back();
  const std::size_t written = waited ? 0 : sink.write_through(bytes);
  if (sink.write_failed) {
    note_write_failure(to);
    return;
  }
  sink.pending.append(bytes.subspan(written));
  if (!waited) sink.note_moved(now_);
}

// Bytes that `side` sent before its connection broke are read first: they may give the reason (RFC 6455
// 7.1.7).
void Tunnel::note_write_failure(Side side) noexcept {
  endpoint(side).pending.clear();
  endpoint(other(side)).read_paused = false;
  hang_up_waits_ = progress_ = again_ = true;
}

void Tunnel::pass_on_to_boundary(Side to, std::span<const std::uint8_t> bytes, metrics::Recorder& recorder) {
  pass_on(to, bytes.first(observer(other(to)).see_to_boundary(bytes, recorder)));
  close_at_boundary(to);
}

// Returns the number of bytes that passed the gate.
std::size_t Tunnel::let_through(Side from, std::span<std::uint8_t> bytes, metrics::Recorder& recorder) {
  auto& judge = *gate(from);
  nearer_ = nearer_ || judge.ping.unanswered != 0;
  const auto result = judge.filter(bytes, now_, observer(from), recorder);
  pass_on(other(from), bytes.first(result.bytes));
  // Only the last ping has a known time of sending.
  if (result.pongs != 0 && judge.ping.unanswered == 0) {
    const auto rtt = now_ - judge.ping.sent_at;
    rtt_[static_cast<std::size_t>(from)] =
        static_cast<std::uint16_t>(std::min<std::uint32_t>(rtt, UINT16_MAX - 1) + 1);
    recorder.ping_answered(from_side(from), rtt);
  }
  if (result.verdict) refuse(from, *result.verdict);
  if (judge.idle()) gate(from).reset();
  return result.bytes;
}

void Tunnel::flush(Side side) noexcept {
  auto& sink = endpoint(side);
  if (sink.pending.empty() || sink.write_blocked) return;
  const std::size_t waiting = sink.pending.size();
  if (both_closes_seen()) [[unlikely]]
    give_permit_back();
  sink.flush();
  if (sink.pending.size() != waiting) {
    progress_ = true;
    sink.note_moved(now_);
  }
  if (sink.write_failed) note_write_failure(side);
  auto& source = endpoint(other(side));
  // We did not read it, so its silence counts from now.
  if (sink.pending.size() <= options_->high_watermark / 2 && std::exchange(source.read_paused, false)) {
    source.heard_at = now_;
    nearer_ = true;
  }
}

}  // namespace wsflow::tunnel
