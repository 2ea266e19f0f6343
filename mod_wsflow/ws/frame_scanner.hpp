#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>

#include "mod_wsflow/ws/close_code.hpp"
#include "mod_wsflow/ws/frame_header.hpp"
#include "mod_wsflow/ws/opcode.hpp"

namespace wsflow::ws {

// The sender of the scanned bytes. A client must mask its frames, an origin must not (RFC 6455 5.1).
enum class Sender : std::uint8_t { client, origin };

// Walks the frame headers of one direction of a tunnel, wherever the reads split the stream, and skips the
// payloads; it reads only the code of the first Close frame. It changes no byte and holds none back: a breach
// of RFC 6455 (5.2, 5.4, 5.5) ends the scanning for good, and nothing else. It does not judge RSV bits, which
// belong to extensions, nor lengths in more bytes than needed. One thread at a time.
class FrameScanner {
 public:
  explicit FrameScanner(Sender sender) noexcept
      : got_(0), from_client_(sender == Sender::client), in_message_(false), close_seen_(false) {}

  // Scans all of `bytes` and calls on_frame(const FrameHeader&) for each header that they complete; the
  // scanner then stands behind the header. A data frame with `fin` ends a message.
  template <class OnFrame>
  void scan(std::span<const std::uint8_t> bytes, OnFrame&& on_frame) noexcept {
    const std::uint8_t* at = bytes.data();
    const std::uint8_t* const end = at + bytes.size();
    while (at != end && phase_ != Phase::broken) at = step(at, end, on_frame);
  }

  // Scans up to the next boundary between frames, and returns the number of bytes scanned.
  template <class OnFrame>
  std::size_t scan_to_boundary(std::span<const std::uint8_t> bytes, OnFrame&& on_frame) noexcept {
    const std::uint8_t* at = bytes.data();
    const std::uint8_t* const end = at + bytes.size();
    while (at != end && phase_ != Phase::broken && !at_boundary()) at = step(at, end, on_frame);
    return static_cast<std::size_t>(at - bytes.data());
  }

  // Scans at most one frame, or the rest of the current one, and returns the number of bytes scanned.
  template <class OnFrame>
  std::size_t scan_frame(std::span<const std::uint8_t> bytes, OnFrame&& on_frame) noexcept {
    const std::uint8_t* at = bytes.data();
    const std::uint8_t* const end = at + bytes.size();
    while (at != end && phase_ != Phase::broken) {
      at = step(at, end, on_frame);
      if (at_boundary()) break;
    }
    return static_cast<std::size_t>(at - bytes.data());
  }

  // The size of the message in one frame that stands whole in front of `bytes`; 0: what stands there is
  // something else, or scan() has to see it. Such a message leaves the scanner as it is.
  std::size_t whole_message(std::span<const std::uint8_t> bytes) const noexcept {
    if (!at_boundary() || in_message_ || bytes.size() < 2) return 0;
    const bool data = is_message_in_one(bytes[0]) && ((bytes[1] & 0x80U) != 0) == from_client_;
    const std::size_t head = header_size(bytes[1]);
    if (!data || bytes.size() < head) return 0;
    const auto length = read_header(bytes.data()).payload_length;
    return length <= bytes.size() - head ? head + static_cast<std::size_t>(length) : 0;
  }

  // Skips `count` bytes of a payload that pass unseen. Pre: the current frame is a data frame, and
  // count <= payload_left().
  void skip(std::uint64_t count) noexcept {
    payload_left_ -= count;
    if (payload_left_ == 0) phase_ = Phase::header;
  }
  // The scanner stands in the payload of a data frame.
  bool in_payload() const noexcept { return phase_ == Phase::payload; }

  // The scanner stands between two frames of an unbroken stream: a frame of ours may be put in here.
  bool at_boundary() const noexcept { return phase_ == Phase::header && got_ == 0; }

  // The bytes break RFC 6455.
  bool broken() const noexcept { return phase_ == Phase::broken; }

  // A whole Close frame, payload included, has passed.
  bool close_seen() const noexcept { return close_seen_; }

  // The code of the first Close frame, 1005 if it had none. Pre: close_seen().
  std::uint16_t close_code() const noexcept { return close_code_; }

  Sender sender() const noexcept { return from_client_ ? Sender::client : Sender::origin; }

  // Payload bytes of the current frame that are still to come.
  std::uint64_t payload_left() const noexcept { return phase_ == Phase::header ? 0 : payload_left_; }

 private:
  enum class Phase : std::uint8_t { header, payload, control_payload, close_payload, broken };

  // Takes one piece: a payload or a header, or the part of it that is there.
  template <class OnFrame>
  const std::uint8_t* step(const std::uint8_t* at, const std::uint8_t* end, OnFrame& on_frame) noexcept {
    if (phase_ != Phase::header) return skip_payload(at, end);
    if (got_ == 0 && holds_header(at, end)) [[likely]] {
      enter_frame(at, on_frame);
      return at + header_size(at[1]);
    }
    at = gather_header(at, end);
    if (got_ != 0 || phase_ == Phase::broken) return at;
    std::uint8_t head[kMaxHeaderSize];
    std::copy(std::begin(head_), std::end(head_), head);  // the frame's length takes the place of head_
    enter_frame(head, on_frame);
    return at;
  }
  template <class OnFrame>
  void enter_frame(const std::uint8_t* head, OnFrame& on_frame) noexcept {
    FrameHeader header;
    if (begin_frame(head, header)) on_frame(static_cast<const FrameHeader&>(header));
  }

  static constexpr bool is_message_in_one(std::uint8_t first) noexcept {
    constexpr unsigned kFin = 0x80;
    const unsigned without_rsv = first & (kFin | 0xFU);
    return without_rsv == (kFin | static_cast<unsigned>(Opcode::text)) ||
           without_rsv == (kFin | static_cast<unsigned>(Opcode::binary));
  }
  static bool holds_header(const std::uint8_t* at, const std::uint8_t* end) noexcept {
    const auto available = static_cast<std::size_t>(end - at);
    return available >= 2 && available >= header_size(at[1]);
  }

  // True if the first two bytes of a header obey RFC 6455: 5.1 masking, 5.2 opcodes, 5.4 fragmentation, 5.5
  // control frames.
  bool acceptable(std::uint8_t first, std::uint8_t second) const noexcept {
    const auto opcode = static_cast<Opcode>(first & 0xFU);
    const bool masked = (second & 0x80U) != 0;
    if (is_reserved(opcode) || masked != from_client_) return false;
    if (is_control(opcode)) return (first & 0x80U) != 0 && (second & 0x7FU) <= kMaxControlPayload;
    return (opcode == Opcode::continuation) == in_message_;
  }

  const std::uint8_t* skip_payload(const std::uint8_t* at, const std::uint8_t* end) noexcept {
    const auto available = static_cast<std::uint64_t>(end - at);
    if (phase_ == Phase::close_payload) [[unlikely]]
      return read_close_payload(at, end);
    if (available < payload_left_) {
      payload_left_ -= available;
      return end;
    }
    at += payload_left_;
    payload_left_ = 0;
    phase_ = Phase::header;
    return at;
  }

  // Reads the whole header at `head` and enters the payload; false: broken.
  bool begin_frame(const std::uint8_t* head, FrameHeader& header) noexcept {
    header = read_header(head);
    if (!acceptable(head[0], head[1]) || header.payload_length > INT64_MAX) [[unlikely]] {
      end_scanning();
      return false;
    }
    payload_left_ = header.payload_length;
    if (!is_control(header.opcode)) {
      in_message_ = !header.fin;
      if (payload_left_ != 0) phase_ = Phase::payload;
    } else {
      if (payload_left_ != 0) phase_ = Phase::control_payload;
      if (header.opcode == Opcode::close) begin_close(head);
    }
    return true;
  }

  void end_scanning() noexcept {
    phase_ = Phase::broken;
    payload_left_ = 0;
    got_ = 0;
  }

  // Collects the bytes of a split header. Once the header is whole, head_ holds it and got_ is 0.
  const std::uint8_t* gather_header(const std::uint8_t* at, const std::uint8_t* end) noexcept;
  void begin_close(const std::uint8_t* head) noexcept;
  const std::uint8_t* read_close_payload(const std::uint8_t* at, const std::uint8_t* end) noexcept;

  // While a header is split, there is no payload: they share their place.
  union {
    std::uint64_t payload_left_ = 0;     // in the other phases
    std::uint8_t head_[kMaxHeaderSize];  // in Phase::header: the first `got_` bytes of a split one
  };
  std::uint16_t close_code_ = close_code::kNoStatus;  // in close_payload: masking key XOR the bytes so far
  Phase phase_ = Phase::header;
  std::uint8_t got_ : 4;  // bytes in head_; in close_payload: bytes of the code that have arrived
  bool from_client_ : 1;
  bool in_message_ : 1;  // a fragmented message is open
  bool close_seen_ : 1;
};
static_assert(kMaxHeaderSize < 16, "got_ has 4 bits");

// Every idle tunnel contains two. The last four bytes are padding that the containing object can use.
static_assert(sizeof(FrameScanner) <= 24);

}  // namespace wsflow::ws
