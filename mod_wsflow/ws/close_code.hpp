#pragma once

#include <cstdint>

namespace wsflow::ws {

// Close codes of RFC 6455 7.4.1 and of the IANA registry (RFC 6455 11.7).
namespace close_code {
inline constexpr std::uint16_t kNormal = 1000;
inline constexpr std::uint16_t kGoingAway = 1001;
inline constexpr std::uint16_t kProtocolError = 1002;
inline constexpr std::uint16_t kUnsupportedData = 1003;
inline constexpr std::uint16_t kReserved = 1004;
inline constexpr std::uint16_t kNoStatus = 1005;
inline constexpr std::uint16_t kAbnormal = 1006;
inline constexpr std::uint16_t kInvalidPayload = 1007;
inline constexpr std::uint16_t kPolicyViolation = 1008;
inline constexpr std::uint16_t kMessageTooBig = 1009;
inline constexpr std::uint16_t kMandatoryExtension = 1010;
inline constexpr std::uint16_t kInternalError = 1011;
inline constexpr std::uint16_t kServiceRestart = 1012;
inline constexpr std::uint16_t kTryAgainLater = 1013;
inline constexpr std::uint16_t kBadGateway = 1014;
inline constexpr std::uint16_t kTlsHandshake = 1015;
}  // namespace close_code

// RFC 6455 7.4.1 and 7.4.2: 1004, 1005, 1006 and 1015 only describe an end; 1016..2999 belong to later
// versions of the protocol; 3000..4999 belong to libraries and applications.
constexpr bool may_appear_on_wire(std::uint16_t code) noexcept {
  if (code >= 3000) return code <= 4999;
  if (code < close_code::kNormal || code > close_code::kBadGateway) return false;
  return code != close_code::kReserved && code != close_code::kNoStatus && code != close_code::kAbnormal;
}

}  // namespace wsflow::ws
