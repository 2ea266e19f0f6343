#include "mod_wsflow/programs/load/client_handshake.hpp"

#include <algorithm>
#include <optional>
#include <span>

#include "mod_wsflow/base/utf8.hpp"
#include "mod_wsflow/os/digest.hpp"
#include "mod_wsflow/ws/field_syntax.hpp"
#include "mod_wsflow/ws/handshake.hpp"
#include "mod_wsflow/ws/response_head.hpp"

namespace wsflow::load {

namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
// The fields that say who refused: of a limit, and of any refusal where the server is told to show it
// (docs/load-testing.md).
constexpr std::string_view kLimitField = "WSFlow-Limit";
constexpr std::string_view kRefusedField = "WSFlow-Refused-By";
constexpr std::array<std::string_view, 6> kOwnFields{"Upgrade",
                                                     "Connection",
                                                     "Sec-WebSocket-Key",
                                                     "Sec-WebSocket-Version",
                                                     "Sec-WebSocket-Protocol",
                                                     "Sec-WebSocket-Accept"};

std::string base64(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const auto count = std::min<std::size_t>(bytes.size() - at, 3);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) group = group << 8U | (i < count ? bytes[at + i] : 0U);
    for (unsigned i = 0; i < 4; ++i) out += i <= count ? kDigits[(group >> (18 - 6 * i)) & 63U] : '=';
  }
  return out;
}

bool is_field(std::string_view line, std::string_view name) noexcept {
  return ws::equals_ignoring_case(ws::trim_ows(line.substr(0, line.find(':'))), name);
}

// Fields of one name, merged as a list (RFC 9110 5.3).
std::optional<std::string> field(const ws::ResponseHead& head, std::string_view name) {
  std::optional<std::string> merged;
  for (const auto& each : head.fields) {
    if (!ws::equals_ignoring_case(each.name, name)) continue;
    merged = merged ? *merged + ", " + std::string(each.value) : std::string(each.value);
  }
  return merged;
}

// Texts of a server go into reports and onto terminals.
std::string shown(std::string_view text) {
  constexpr std::size_t kMost = 60;
  return base::printable_utf8(text.substr(0, kMost));
}

std::string refusal(const ws::ResponseHead& head) {
  auto text = std::to_string(head.status);
  if (const auto limit = field(head, kLimitField)) return text + " limit:" + shown(*limit);
  if (const auto by = field(head, kRefusedField)) return text + " " + shown(*by);
  return text;
}

std::string verdict(const ws::ResponseHead& head, const Nonce& nonce, const std::string& protocols) {
  const auto upgrade = field(head, "Upgrade"), connection = field(head, "Connection"),
             accept = field(head, "Sec-WebSocket-Accept"), protocol = field(head, "Sec-WebSocket-Protocol"),
             extensions = field(head, "Sec-WebSocket-Extensions");
  const auto digest = os::sha1(key_of(nonce), kGuid);
  const auto judged = ws::judge_answer({.upgrade = upgrade,
                                        .connection = connection,
                                        .accept = accept,
                                        .protocol = protocol,
                                        .extensions = extensions},
                                       base64(digest), protocols, std::nullopt);
  return judged == ws::AnswerVerdict::ok ? "" : std::string("101 invalid: ") + ws::name(judged);
}

}  // namespace

HandshakeRequest::HandshakeRequest(const TargetUrl& url, const std::vector<std::string>& headers,
                                   const std::string& protocols)
    : protocols_(protocols) {
  const bool has_host = std::any_of(headers.begin(), headers.end(),
                                    [](const std::string& each) { return is_field(each, "Host"); });
  before_ = "GET " + url.request + " HTTP/1.1\r\n";
  if (!has_host) before_ += "Host: " + url.authority + "\r\n";
  before_ += "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n";
  if (!protocols.empty()) before_ += "Sec-WebSocket-Protocol: " + protocols + "\r\n";
  for (const auto& header : headers) before_ += header + "\r\n";
  before_ += "Sec-WebSocket-Key: ";
  behind_ = "\r\n\r\n";
}

std::string key_of(const Nonce& nonce) {
  return base64(nonce);
}

HandshakeAnswer judge_head(std::string& head, const Nonce& nonce, const std::string& protocols) {
  ws::unfold(head);
  ws::ResponseHead parsed;
  const auto error = ws::parse_response_head(head, parsed);
  if (error != ws::HeadError::none) return {.reason = std::string("no HTTP answer: ") + ws::describe(error)};
  if (parsed.status != 101) return {.status = parsed.status, .reason = refusal(parsed)};
  auto reason = verdict(parsed, nonce, protocols);
  const bool accepted = reason.empty();
  return {.accepted = accepted, .status = parsed.status, .reason = std::move(reason)};
}

std::string wrong_header(std::string_view header) {
  const auto colon = header.find(':');
  if (colon == std::string_view::npos || !ws::is_token(header.substr(0, colon)))
    return "\"Name: value\" was expected";
  if (!ws::is_field_value(header)) return "a header has no line ends and no control characters";
  for (const auto own : kOwnFields) {
    if (is_field(header, own)) return std::string(own) + " is the handshake's own";
  }
  return {};
}

}  // namespace wsflow::load
