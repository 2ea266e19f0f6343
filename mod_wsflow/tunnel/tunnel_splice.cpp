#include <algorithm>

#include "mod_wsflow/tunnel/tunnel.hpp"

namespace wsflow::tunnel {

namespace {

// A sink that takes pieces at once gets pieces that are twice as large, so many times.
constexpr unsigned kDoublings = 2;

}  // namespace

// Bytes that somebody must look at, or that may not go behind the ones in the pipe, are copied.
bool Tunnel::may_splice(Side from) noexcept {
  const auto& source = endpoint(from);
  auto& sink = endpoint(other(from));
  if (closing() || ending() || crowded_ || observer(from).broken() || observer(from).close_seen())
    return false;
  if (sink.lost || sink.out_ended || sink.cut) return false;
  if (gate(from) && (!observer(from).in_payload() || !gate(from)->passes_payload())) return false;
  if (!sink.pending.empty() && !sink.pending.all_in_pipe()) return false;
  return source.stream.splices_in() && sink.stream.splices_out();
}

// Moves what has arrived of a large frame from socket to socket. Returns the number of bytes moved; 0: the
// next bytes are to be read, unless the source is paused. `buffer` is for a look at headers. Pre:
// may_splice(from).
std::size_t Tunnel::splice(Side from, std::span<std::uint8_t> buffer, metrics::Recorder& recorder,
                           PipePool& pipes) {
  auto& source = endpoint(from);
  auto& sink = endpoint(other(from));
  std::span<std::uint8_t> head = buffer;
  const auto left = look_ahead(from, head, pipes.sizes());
  if (left == 0) return 0;
  const std::size_t waiting = sink.pending.size();
  auto lease = waiting == 0 ? pipes.borrow() : PipePool::Lease();
  if (waiting == 0 && !lease) return 0;
  auto& pipe = waiting == 0 ? *lease : *sink.pending.pipe();

  const std::size_t most = waiting == 0 ? pipes.sizes().piece << sink.whole_pieces
                                        : std::max<std::size_t>(high_watermark(), waiting + 1) - waiting;
  const auto asked = static_cast<std::size_t>(std::min<std::uint64_t>(left, most));
  const auto got = source.stream.read_into(pipe, asked);
  if (got.status == os::Io::ok) {
    const auto seen = std::min(got.bytes, head.size());
    if (seen != 0) observer(from).see(head.first(seen), recorder);
    if (got.bytes != seen) observer(from).skip(got.bytes - seen, recorder);
    source.heard_at = active_at_ = now_;
    progress_ = true;
    source.bulk = got.bytes == asked || got.bytes >= pipes.sizes().small_piece;
    if (gate(from)) nearer_ = nearer_ || gate(from)->ping.unanswered != 0;
  } else if (got.status == os::Io::again && pipe.may_be_full()) {
    source.read_paused = true;
  }
  if (waiting != 0) {
    flush(other(from));
  } else if (!pipe.empty()) {
    write_piece(other(from), std::move(lease));
  }
  return got.bytes;
}

// Returns how many bytes may be spliced: up to the end of a large frame, of which the first are in `head`,
// where there was a need to look. 0: none.
std::size_t Tunnel::look_ahead(Side from, std::span<std::uint8_t>& head, const SpliceSizes& sizes) noexcept {
  auto& source = endpoint(from);
  const auto left = observer(from).in_payload() ? observer(from).payload_left() : 0;
  if (gate(from) && left <= sizes.tail) return 0;
  if (left > sizes.tail) {
    head = {};
    return static_cast<std::size_t>(std::min<std::uint64_t>(left, SIZE_MAX));
  }
  const auto size = std::min(static_cast<std::size_t>(left) + sizes.head, head.size());
  const auto peeked = source.stream.peek(head.first(size));
  // One read takes less than that, and drains the socket.
  if (peeked.status != os::Io::ok || peeked.bytes < size) return 0;
  head = head.first(peeked.bytes);
  const auto behind = observer(from).payload_left_behind(head);
  source.bulk = behind + sizes.head >= sizes.frame;
  return source.bulk ? head.size() + static_cast<std::size_t>(std::min<std::uint64_t>(behind, SIZE_MAX / 2))
                     : 0;
}

void Tunnel::write_piece(Side to, PipePool::Lease lease) {
  auto& sink = endpoint(to);
  sink.write_through(*lease);
  if (sink.write_failed) {
    note_write_failure(to);
    return;
  }
  if (lease->empty()) {
    if (sink.whole_pieces < kDoublings) ++sink.whole_pieces;
  } else {
    sink.whole_pieces = 0;
    sink.pending.hold(std::move(lease));
  }
  sink.note_moved(now_);
}

// `bytes` were read, and `frames` headers stood in them; a frame is worth splicing if it is `large`.
void Tunnel::note_sizes(Side from, std::size_t bytes, std::uint64_t frames, std::size_t large) noexcept {
  auto& source = endpoint(from);
  if (bytes >= large) {
    source.bulk = frames * large <= bytes;
  } else if (frames != 0 && observer(from).payload_left() < large) {
    source.bulk = false;
  }
}

}  // namespace wsflow::tunnel
