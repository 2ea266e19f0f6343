#include "mod_wsflow/ws/frame_scanner.hpp"

namespace wsflow::ws {

const std::uint8_t* FrameScanner::gather_header(const std::uint8_t* at, const std::uint8_t* end) noexcept {
  while (at != end) {
    head_[head_size_++] = *at++;
    if (head_size_ < 2) continue;
    if (head_size_ == 2 && !acceptable(head_[0], head_[1])) {
      phase_ = Phase::broken;
      return at;
    }
    if (head_size_ == header_size(head_[1])) {
      head_size_ = 0;
      return at;
    }
  }
  return at;
}

void FrameScanner::begin_close(const std::uint8_t* head) noexcept {
  if (close_seen_) return;  // the first Close frame is the one that counts
  if (payload_left_ == 0) {
    close_seen_ = true;
    return;
  }
  const bool masked = (head[1] & 0x80U) != 0;
  close_bits_ = masked ? static_cast<std::uint16_t>(big_endian(head + 2, 2)) : std::uint16_t{0};
  phase_ = Phase::close_payload;
}

const std::uint8_t* FrameScanner::read_close_payload(const std::uint8_t* at,
                                                     const std::uint8_t* end) noexcept {
  while (at != end && payload_left_ != 0) {
    if (close_bytes_ < 2) {
      const unsigned shift = close_bytes_ == 0 ? 8 : 0;
      close_bits_ = static_cast<std::uint16_t>(close_bits_ ^ (unsigned{*at} << shift));
      if (++close_bytes_ == 2) close_code_ = close_bits_;
    }
    ++at;
    --payload_left_;
  }
  if (payload_left_ == 0) {
    close_seen_ = true;
    phase_ = Phase::header;
  }
  return at;
}

}  // namespace wsflow::ws
