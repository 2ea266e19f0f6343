#include "mod_wsflow/tunnel/tunnel.hpp"

#include <algorithm>

namespace wsflow::tunnel {

namespace {
using base::Outcome;
}  // namespace

Tunnel::Tunnel(Parts parts, base::Instant now) noexcept
    : endpoint_{Endpoint(std::move(parts.client_fd), std::move(parts.client_ssl)),
                Endpoint(std::move(parts.origin_fd), std::move(parts.origin_ssl))},
      observer_{Observer(metrics::Direction::client_to_origin),
                Observer(metrics::Direction::origin_to_client)},
      place_(std::move(parts.place)),
      permit_(std::move(parts.permit)),
      row_(std::move(parts.row)),
      origin_place_(std::move(parts.origin_place)),
      log_context_(parts.log_context),
      started_(now),
      id_(parts.id),
      limits_(parts.limits) {}

void Tunnel::preload(Side from, std::span<const std::uint8_t> bytes, metrics::Recorder& recorder) {
  if (bytes.empty()) return;
  observer(from).see(bytes, recorder);
  endpoint(other(from)).pending.append(bytes);
}

bool Tunnel::relay(Side from, std::span<std::uint8_t> buffer, std::size_t budget,
                   metrics::Recorder& recorder) {
  auto& source = endpoint(from);
  auto& sink = endpoint(other(from));
  std::size_t passed = 0;
  while (source.read_ready && !source.read_paused && !source.finished_reading()) {
    if (passed >= budget) return true;
    // Read on only to learn of the end.
    const bool discard = sink.lost || sink.out_ended || cut(other(from));
    std::size_t room = buffer.size();
    // Bytes that are written through at once need no room; of the others no more are read than may wait.
    if (const std::size_t waiting = sink.pending.size(); !discard && waiting != 0) {
      if (waiting >= limits_.high_watermark) {
        source.read_paused = true;
        break;
      }
      room = std::min(room, limits_.high_watermark - waiting);
    }
    const auto got = source.stream.read(buffer.first(room));
    switch (got.status) {
      case os::Io::ok: break;
      case os::Io::again: source.read_ready = false; continue;
      case os::Io::eof:
        source.in_ended = true;
        note_end(from, false);
        continue;
      case os::Io::failed:
        source.lost = true;
        note_end(from, true);
        // Nothing waits for a lost side any more: what paused the other one is gone, and it needs a turn.
        source.pending.clear();
        if (std::exchange(sink.read_paused, false)) return true;
        continue;
    }
    passed += got.bytes;
    const auto bytes = std::span<const std::uint8_t>(buffer.first(got.bytes));
    if (discard) {
      if (!cut(other(from))) observer(from).see(bytes, recorder);
      continue;
    }
    progress_ = true;
    if (closing()) [[unlikely]] {
      pass_on_to_boundary(other(from), bytes, recorder);
      continue;
    }
    observer(from).see(bytes, recorder);
    pass_on(other(from), bytes);
  }
  return false;
}

void Tunnel::pass_on(Side to, std::span<const std::uint8_t> bytes) {
  auto& sink = endpoint(to);
  const std::size_t written = sink.pending.empty() ? sink.write_through(bytes) : 0;
  if (sink.lost) {
    note_end(to, true);
  } else {
    sink.pending.append(bytes.subspan(written));
  }
}

void Tunnel::pass_on_to_boundary(Side to, std::span<const std::uint8_t> bytes, metrics::Recorder& recorder) {
  pass_on(to, bytes.first(observer(other(to)).see_to_boundary(bytes, recorder)));
  close_at_boundary(to);
}

void Tunnel::flush(Side side) noexcept {
  auto& sink = endpoint(side);
  if (sink.pending.empty() || sink.write_blocked) return;
  const std::size_t waiting = sink.pending.size();
  sink.flush();
  progress_ = progress_ || sink.pending.size() != waiting;
  if (sink.lost) note_end(side, true);
  if (sink.pending.size() <= limits_.high_watermark / 2) endpoint(other(side)).read_paused = false;
}

bool Tunnel::settle() noexcept {
  if (!first_end_ && both_closes_seen()) first_end_ = Outcome::closed;
  if (!ending()) return false;
  for (const auto side : {Side::client, Side::origin}) {
    auto& sink = endpoint(side);
    if (sink.out_ended || !sink.pending.empty()) continue;
    // The closing handshake is complete: the server's side of a connection ends it first (RFC 6455 7.1.1), so
    // the client gets its FIN at once, and the origin is left to send its own.
    const bool handshake_done = both_closes_seen() && (side == Side::client || sink.in_ended);
    if (endpoint(other(side)).finished_reading() || handshake_done || cut(side)) sink.end_output();
  }
  return endpoint_[0].done() && endpoint_[1].done();
}

void Tunnel::begin_close(std::uint16_t code, std::uint32_t mask_key, Outcome outcome) {
  if (closing()) return;
  close_code_ = code;
  mask_key_ = mask_key;
  end_as(outcome);
  close_at_boundary(Side::client);
  close_at_boundary(Side::origin);
}

void Tunnel::close_at_boundary(Side to) {
  auto& sink = endpoint(to);
  const auto& sent = from(other(to));
  if (cut(to) || sink.out_ended || sink.lost) return;
  cut(to) = sent.close_seen() || sent.broken();
  if (cut(to) || !sent.at_boundary()) return;
  cut(to) = true;
  std::uint8_t frame[ws::kMaxCloseSize];
  const auto size = ws::encode_close(frame, close_code_, {}, to == Side::origin ? &mask_key_ : nullptr);
  pass_on(to, {frame, size});
}

void Tunnel::cut_off() noexcept {
  for (auto& sink : endpoint_) sink.end_output();
}

void Tunnel::end_as(Outcome outcome) noexcept {
  if (!first_end_) first_end_ = outcome;
}

void Tunnel::note_hang_up(Side side) noexcept {
  hang_up_waits_ = hang_up_waits_ || endpoint(side).read_paused;
}

void Tunnel::note_end(Side side, bool broken) noexcept {
  if (first_end_) return;
  if (observer_[0].close_seen() || observer_[1].close_seen()) {
    first_end_ = Outcome::closed;
  } else if (broken) {
    first_end_ = side == Side::client ? Outcome::client_reset : Outcome::origin_reset;
  } else {
    first_end_ = side == Side::client ? Outcome::client_eof : Outcome::origin_eof;
  }
}

}  // namespace wsflow::tunnel
