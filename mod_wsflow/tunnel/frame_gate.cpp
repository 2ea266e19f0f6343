#include "mod_wsflow/tunnel/frame_gate.hpp"

#include <algorithm>
#include <cstring>

namespace wsflow::tunnel {

namespace {

using base::Outcome;
using ws::Opcode;

// The first `count` payload bytes, unmasked, behind a header of `size` bytes. Pre: `frame` holds them.
template <std::size_t count>
std::array<std::uint8_t, count> payload_of(std::span<const std::uint8_t> frame, std::size_t size,
                                           bool masked) noexcept {
  std::array<std::uint8_t, count> payload{};
  for (std::size_t i = 0; i < count; ++i) {
    const unsigned key = masked ? frame[size - 4 + i % 4] : 0;
    payload[i] = static_cast<std::uint8_t>(frame[size + i] ^ key);
  }
  return payload;
}

}  // namespace

FrameGate::FrameGate(metrics::Direction direction, const Options& options, bool extensions,
                     std::uint32_t now) noexcept
    : limit_(limit_of(direction, options)),
      messages_(limit_.rate, now),
      bytes_(limit_.bytes, now),
      polices_(polices(direction, options)),
      strict_(options.strict),
      extensions_(extensions) {}

std::size_t FrameGate::room(std::uint32_t now, std::uint64_t payload_left) noexcept {
  if (limit_.close) return SIZE_MAX;
  if (!messages_.bounded()) return bytes_.left(now);
  // Bytes cannot be put back once they are read. kMessage bounds the excess to a few messages, however small.
  constexpr std::uint64_t kMessage = 64;
  constexpr std::uint64_t kEnough = 1U << 20U;
  const auto messages = std::min(messages_.left(now), kEnough);
  return std::min(bytes_.left(now), std::min(payload_left, kEnough) + messages * kMessage);
}

std::uint32_t FrameGate::wait(std::uint32_t now) noexcept {
  return limit_.close ? 0 : std::max(messages_.wait(now), bytes_.wait(now));
}

std::size_t FrameGate::restore(std::span<std::uint8_t> buffer) const noexcept {
  std::copy_n(held_.begin(), held_size_, buffer.begin());
  return held_size_;
}

FrameGate::Result FrameGate::filter(std::span<std::uint8_t> bytes, std::uint32_t now, Observer& observer,
                                    metrics::Recorder& recorder) noexcept {
  Result result;
  auto* const begin = bytes.data();
  bytes_.take(bytes.size() - held_size_, now);
  if (limit_.close && bytes_.in_debt()) {
    result.verdict = Outcome::too_fast;
    return result;
  }
  held_size_ = 0;
  while (!bytes.empty()) {
    std::size_t size = 0;
    if (observer.broken()) {
      observer.see(bytes, recorder);
      size = bytes.size();
    } else if (!observer.at_boundary()) {
      size = observer.see_to_boundary(bytes, recorder);
    } else {
      const auto judgement = judge(bytes, now, observer);
      switch (judgement.kind) {
        case Kind::passes: size = observer.see_frame(bytes, recorder); break;
        case Kind::our_pong:
          ping.unanswered = judgement.unanswered;
          ++result.pongs;
          bytes = bytes.subspan(judgement.size);
          continue;
        case Kind::stopped: result.verdict = judgement.why; return result;
        case Kind::unclear:
          held_size_ = static_cast<std::uint8_t>(bytes.size());
          std::copy(bytes.begin(), bytes.end(), held_.begin());
          return result;
      }
    }
    if (begin + result.bytes != bytes.data()) std::memmove(begin + result.bytes, bytes.data(), size);
    result.bytes += size;
    bytes = bytes.subspan(size);
  }
  return result;
}

// The number of pings sent after the one that this pong answers; nothing if it answers none of ours.
std::optional<std::uint8_t> FrameGate::pings_behind(std::span<const std::uint8_t> pong, std::size_t head_size,
                                                    bool masked) const noexcept {
  const auto said = payload_of<kPingPayload>(pong, head_size, masked);
  if (!std::equal(said.begin(), said.end() - 1, ping.payload.begin())) return std::nullopt;
  const auto behind = static_cast<std::uint8_t>(ping.payload.back() - said.back());
  return behind < ping.unanswered ? std::optional(behind) : std::nullopt;
}

FrameGate::Judgement FrameGate::judge(std::span<const std::uint8_t> head, std::uint32_t now,
                                      const Observer& observer) noexcept {
  const bool begun = head.size() < 2 || head.size() < ws::header_size(head[1]);
  const auto size = begun ? head.size() : ws::header_size(head[1]);
  if (observer.would_break(head.first(size)))
    return polices_ ? Judgement{.kind = Kind::stopped, .why = Outcome::not_websocket}
                    : Judgement{.kind = Kind::passes};
  if (begun) return {.kind = Kind::unclear};

  const auto header = ws::read_header(head.data());
  if (ping.unanswered != 0 && header.opcode == Opcode::pong && header.payload_length == kPingPayload) {
    if (head.size() < size + kPingPayload) return {.kind = Kind::unclear};
    const auto behind = pings_behind(head, size, header.masked);
    if (header.rsv == 0 && behind)
      return {.kind = Kind::our_pong, .size = size + kPingPayload, .unanswered = *behind};
  }
  if (strict_) {
    bool breaks = header.rsv != 0 && !extensions_;
    if (header.opcode == Opcode::close && header.payload_length != 0) {
      if (header.payload_length > 1 && head.size() < size + 2) return {.kind = Kind::unclear};
      breaks = breaks || header.payload_length == 1 ||
               !ws::may_appear_on_wire(static_cast<std::uint16_t>(
                   ws::big_endian(payload_of<2>(head, size, header.masked).data(), 2)));
    }
    if (breaks) return {.kind = Kind::stopped, .why = Outcome::not_websocket};
  }
  if (polices_) {
    if (const auto why = beyond_limits(header, now, observer)) return {.kind = Kind::stopped, .why = *why};
  }
  return {.kind = Kind::passes};
}

// Counts the frames with which a peer can flood: messages, control frames, and parts of a message that are
// hardly more than their headers. The last part of a message is free, as its first part was counted; so is
// the first Close frame, as it ends the tunnel.
bool FrameGate::counts(const ws::FrameHeader& header, const Observer& observer) const noexcept {
  constexpr std::uint64_t kSmallPart = 1024;
  if (header.opcode == Opcode::continuation) return !header.fin && header.payload_length < kSmallPart;
  return header.opcode != Opcode::close || observer.close_seen();
}

std::optional<Outcome> FrameGate::beyond_limits(const ws::FrameHeader& header, std::uint32_t now,
                                                const Observer& observer) noexcept {
  if (counts(header, observer)) {
    if (limit_.close && messages_.left(now) == 0) return Outcome::too_fast;
    messages_.take(1, now);
  }
  if (ws::is_control(header.opcode)) return std::nullopt;
  if (header.opcode != Opcode::continuation) message_ = 0;
  message_ = std::min<std::uint64_t>(message_ + header.payload_length, INT64_MAX);
  if (limit_.frame != 0 && header.payload_length > limit_.frame) return Outcome::too_big;
  if (limit_.message != 0 && message_ > limit_.message) return Outcome::too_big;
  return std::nullopt;
}

}  // namespace wsflow::tunnel
