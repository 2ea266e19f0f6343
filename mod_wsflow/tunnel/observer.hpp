#pragma once

#include <cstdint>
#include <span>

#include "mod_wsflow/metrics/recorder.hpp"
#include "mod_wsflow/ws/frame_scanner.hpp"

namespace wsflow::tunnel {

// Scans the bytes of one direction as they pass, and counts them for the tunnel and for the process. The
// thread that owns the tunnel.
class Observer {
 public:
  explicit Observer(metrics::Direction direction) noexcept
      : scanner_(direction == metrics::Direction::client_to_origin ? ws::Sender::client
                                                                   : ws::Sender::origin) {}

  // Scans all of `bytes`.
  void see(std::span<const std::uint8_t> bytes, metrics::Recorder& recorder) noexcept;
  // Scans up to the next boundary between frames, and returns the number of bytes scanned.
  std::size_t see_to_boundary(std::span<const std::uint8_t> bytes, metrics::Recorder& recorder) noexcept;

  // Scans at most one frame, or the rest of the current one, and returns the number of bytes scanned.
  std::size_t see_frame(std::span<const std::uint8_t> bytes, metrics::Recorder& recorder) noexcept;

  // Counts `count` bytes of a payload that pass unseen. Pre: in_payload(), count <= payload_left().
  void skip(std::uint64_t count, metrics::Recorder& recorder) noexcept;

  // The bytes of payload that would be left of the current frame behind `head`; 0: of a control frame too, or
  // the stream breaks. Changes nothing.
  std::uint64_t payload_left_behind(std::span<const std::uint8_t> head) const noexcept;
  // True if `head`, at most a header, breaks RFC 6455 at this boundary. Changes nothing.
  bool would_break(std::span<const std::uint8_t> head) const noexcept;

  std::uint64_t bytes() const noexcept { return bytes_; }
  // Frames whose header was scanned. The count of control and continuation frames stops at 2^32 - 1.
  std::uint64_t frames() const noexcept { return messages() + others_; }
  std::uint64_t messages() const noexcept { return messages_; }
  std::uint64_t payload_left() const noexcept { return scanner_.payload_left(); }
  bool in_payload() const noexcept { return scanner_.in_payload(); }
  bool at_boundary() const noexcept { return scanner_.at_boundary(); }
  bool broken() const noexcept { return scanner_.broken(); }
  bool close_seen() const noexcept { return scanner_.close_seen(); }
  std::uint16_t close_code() const noexcept { return scanner_.close_code(); }

 private:
  // Counts the frames and bytes that `scan(on_frame)` walks over, and returns its result, the bytes.
  template <class Scan>
  std::size_t count(metrics::Recorder& recorder, Scan&& scan) noexcept;
  metrics::Direction direction() const noexcept {
    return scanner_.sender() == ws::Sender::client ? metrics::Direction::client_to_origin
                                                   : metrics::Direction::origin_to_client;
  }

  [[no_unique_address]] ws::FrameScanner scanner_;
  std::uint32_t others_ = 0;  // frames that ended no message
  std::uint64_t bytes_ = 0;
  std::uint64_t messages_ = 0;
};
static_assert(sizeof(Observer) <= 40, "two are part of every idle tunnel");

}  // namespace wsflow::tunnel
