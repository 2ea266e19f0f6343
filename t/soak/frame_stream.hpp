// Frames of a stream, the large ones in the pieces in which they come.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "t/bench/frames.hpp"

namespace wsflow::soak {

struct Piece {
  const bench::Frame& frame;
  std::size_t offset;      // of these bytes in the payload
  std::string_view bytes;  // unmasked

  bool first() const { return offset == 0; }
  bool last() const { return offset + bytes.size() == frame.payload; }
};

class FrameStream {
 public:
  /// Calls `take(piece)` for what of `in` can be told; a control frame is always one piece. Returns how many
  /// bytes it took; the rest is to be offered again with what follows.
  template <class Take>
  std::size_t feed(std::string_view in, Take&& take) {
    std::size_t used = 0;
    while (true) {
      if (!inside_) {
        bench::Frame next;
        const std::string_view rest = in.substr(used);
        const bool whole = bench::whole_frame(rest, next);
        const bool control = (next.opcode() & 0x8) != 0;
        if (next.header == 0 || rest.size() < next.header || (control && !whole)) return used;
        frame_ = next;
        offset_ = 0;
        inside_ = true;
        used += frame_.header;
      }
      const std::string_view bytes = in.substr(used, frame_.payload - offset_);
      if (bytes.empty() && offset_ < frame_.payload) return used;
      plain_.clear();
      bench::append_xored(plain_, bytes, turned(frame_.mask, offset_));
      used += bytes.size();
      const std::size_t at = offset_;
      offset_ += bytes.size();
      inside_ = offset_ < frame_.payload;
      take(Piece{frame_, at, plain_});
    }
  }

  /// The mask as it stands at `offset` of a payload.
  static std::array<std::uint8_t, 4> turned(std::array<std::uint8_t, 4> mask, std::size_t offset) {
    std::rotate(mask.begin(), mask.begin() + static_cast<std::ptrdiff_t>(offset & 3), mask.end());
    return mask;
  }

 private:
  bench::Frame frame_;
  std::size_t offset_ = 0;  // of the next byte in the payload of frame_
  bool inside_ = false;
  std::string plain_;
};

}  // namespace wsflow::soak
