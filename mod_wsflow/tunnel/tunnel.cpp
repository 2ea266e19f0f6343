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

Lenders Tunnel::lenders_of(const Parts& parts) noexcept {
  return {.admission = parts.admission.owner(),
          .limiter = parts.permit.limiter(),
          .rows = parts.row.owner(),
          .load = parts.origin_lease.counts()};
}

Tunnel::Tunnel(Parts parts, base::Instant now)
    : extensions_(parts.extensions),
      pooled_(parts.pooled),
      now_(stamp(now)),
      active_at_(now_),
      endpoint_{Endpoint(std::move(parts.client_fd), std::move(parts.client_ssl)),
                Endpoint(std::move(parts.origin_fd), std::move(parts.origin_ssl))},
      observer_{Observer(from_side(Side::client)), Observer(from_side(Side::origin))},
      options_(parts.options),
      started_(now),
      lives_until_(parts.lives_until),
      id_(parts.id),
      session_until_(parts.session_until) {
  begin(now);
  for (const auto side : {Side::client, Side::origin}) {
    if (FrameGate::polices(from_side(side), *options_)) add_gate(side);
  }
  if (!parts.listeners.empty()) {
    if (!rare_) rare_ = std::make_unique<Rare>();
    rare_->listeners = std::move(parts.listeners);
  }
  // Nothing throws from here on: the tunnel owns what the leases owned.
  WSFLOW_ASSERT(options_->lenders == lenders_of(parts));
  admitted_ = parts.admission.release();
  permit_ = parts.permit.release();
  row_ = parts.row.release();
  loads_ = parts.origin_lease.release();
}

// The last event was told before.
Tunnel::~Tunnel() {
  const auto& lenders = options_->lenders;
  rare_.reset();
  if (loads_) OriginLease::retake(lenders.load);
  if (row_ != shm::RowLease::kNone) {
    for (std::size_t i = 0; i < std::size(observer_); ++i) {
      if (observer_[i].close_seen())
        lenders.rows->count_close(row_, i,
                                  static_cast<std::size_t>(metrics::close_class(observer_[i].close_code())));
    }
    lenders.rows->free(row_);
  }
  if (permit_ && ended_by_policy()) lenders.limiter->punish(permit_);
  if (permit_) lenders.limiter->release(permit_, limits::now());
  if (admitted_) Admission::Lease::retake(lenders.admission);
}

// With assertions each tunnel is a piece of memory of its own, which sanitizers watch.
std::unique_ptr<Tunnel> Tunnel::make(Parts parts, base::Instant now) {
  return std::make_unique<Tunnel>(std::move(parts), now);
}

std::unique_ptr<Tunnel> Tunnel::make(SlotPool& pool, Parts parts, base::Instant now) {
  if constexpr (base::kAsserts) return std::make_unique<Tunnel>(std::move(parts), now);
  struct GiveBack {
    void operator()(void* slot) const noexcept { SlotPool::give_back(slot); }
  };
  std::unique_ptr<void, GiveBack> slot(pool.take());
  if (slot == nullptr) return std::make_unique<Tunnel>(std::move(parts), now);
  parts.pooled = true;
  std::unique_ptr<Tunnel> made(::new (slot.get()) Tunnel(std::move(parts), now));
  (void)slot.release();  // the tunnel gives it back
  return made;
}

void Tunnel::operator delete(Tunnel* tunnel, std::destroying_delete_t) noexcept {
  const bool pooled = tunnel->pooled_;
  tunnel->~Tunnel();
  if (pooled) {
    SlotPool::give_back(tunnel);
  } else {
    ::operator delete(tunnel, std::align_val_t(alignof(Tunnel)));
  }
}

FrameGate& Tunnel::add_gate(Side from) {
  auto made = std::make_unique<FrameGate>(from_side(from), *options_, extensions_, now_);
  if (!rare_) rare_ = std::make_unique<Rare>();
  auto& gate = rare_->gates[static_cast<std::size_t>(from)];
  gate = std::move(made);
  return *gate;
}

void Tunnel::drop_gate(Side from) noexcept {
  auto& [gates, listeners, lost_at, tell_after] = *rare_;
  gates[static_cast<std::size_t>(from)].reset();
  if (!gates[0] && !gates[1] && listeners.empty() && !held_) rare_.reset();
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
  if (auto* const judge = gate(from)) {
    std::vector<std::uint8_t> judged(bytes.begin(), bytes.end());
    const auto result = judge->filter(judged, now_, observer(from), recorder);
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

bool Tunnel::relay(Side from, std::span<std::uint8_t> buffer, std::size_t budget, metrics::Recorder& recorder,
                   PipePool* pipes) {
  WSFLOW_ASSERT(thread_.here());
  auto& source = endpoint(from);
  auto& sink = endpoint(other(from));
  std::size_t passed = 0;
  while (source.readable()) {
    if (passed >= budget) return true;
    // The sink takes no more bytes: read on only to learn of the end.
    const bool discard = sink.lost || sink.out_ended || sink.cut;
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
    if (pipes != nullptr && source.bulk && may_splice(from)) [[unlikely]] {
      const auto moved = splice(from, buffer, recorder, *pipes);
      passed += moved + kReadCost;
      if (moved != 0 || source.read_paused) continue;
    }
    auto* const judge = discard || closing() ? nullptr : gate(from);
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
      source.lost = source.lost || broken;
      source.in_ended = source.in_ended || !broken;
      source.note_error(got.error);
      if (held != 0) {  // the stream ended inside the header of a frame
        observer(from).see(buffer.first(held), recorder);
        pass_on(other(from), buffer.first(held));
      }
      note_end(from, broken);
      if (!broken) continue;
      // The bytes that waited for the lost side are gone; if they paused the other side, it needs a turn.
      source.pending.clear();
      if (sink.resume()) return true;
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
      if (!sink.cut) observer(from).see(bytes, recorder);
      continue;
    }
    progress_ = true;
    const auto frames = observer(from).frames();
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
    if (pipes != nullptr && (source.bulk || bytes.size() >= pipes->sizes().frame)) [[unlikely]]
      note_sizes(from, bytes.size(), observer(from).frames() - frames, pipes->sizes().frame);
    active_at_ = now_;
  }
  return false;
}

// TLS bytes have come that carry no byte of the tunnel yet.
void Tunnel::note_sign_of_life(Side from) noexcept {
  endpoint(from).heard_at = now_;
  nearer_ = nearer_ || (gate(from) != nullptr && gate(from)->ping.unanswered != 0);
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
    endpoint(from).rtt = static_cast<std::uint16_t>(std::min<std::uint32_t>(rtt, UINT16_MAX - 1) + 1);
    recorder.ping_answered(from_side(from), rtt);
  }
  if (result.verdict) refuse(from, *result.verdict);
  if (judge.idle()) drop_gate(from);
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
  if (sink.pending.size() <= options_->high_watermark / 2 && source.resume()) {
    source.heard_at = now_;
    nearer_ = true;
  }
}

}  // namespace wsflow::tunnel
