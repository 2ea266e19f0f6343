#include "mod_wsflow/ws/frame_scanner.hpp"

namespace wsflow::ws {

const std::uint8_t* FrameScanner::gather_header(const std::uint8_t* at, const std::uint8_t* end) noexcept {
  while (at != end) {
    head_[got_] = *at++;
    ++got_;
    if (got_ < 2) continue;
    if (got_ == 2 && !acceptable(head_[0], head_[1])) {
      end_scanning();
      return at;
    }
    if (got_ == header_size(head_[1])) {
      got_ = 0;
      return at;
    }
  }
  return at;
}

void FrameScanner::begin_close(const std::uint8_t* head) noexcept {
  if (close_seen_) return;  // only the first Close frame counts
  if (payload_left_ == 0) {
    close_seen_ = true;
    return;
  }
  const bool masked = (head[1] & 0x80U) != 0;
  close_code_ = masked ? static_cast<std::uint16_t>(big_endian(head + 2, 2)) : std::uint16_t{0};
  phase_ = Phase::close_payload;
}

const std::uint8_t* FrameScanner::read_close_payload(const std::uint8_t* at,
                                                     const std::uint8_t* end) noexcept {
  while (at != end && payload_left_ != 0) {
    if (got_ < 2) {
      const unsigned shift = got_ == 0 ? 8 : 0;
      close_code_ = static_cast<std::uint16_t>(close_code_ ^ (unsigned{*at} << shift));
      ++got_;
    }
    ++at;
    --payload_left_;
  }
  if (payload_left_ == 0) {
    if (got_ < 2) close_code_ = close_code::kNoStatus;
    got_ = 0;
    close_seen_ = true;
    phase_ = Phase::header;
  }
  return at;
}

}  // namespace wsflow::ws
