#include "mod_wsflow/ws/handshake.hpp"

#include <cstddef>

#include "mod_wsflow/ws/field_syntax.hpp"

namespace wsflow::ws {
namespace {

constexpr std::string_view kProtocolName = "websocket";

bool is_base64_char(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

// 16 bytes in base64 are 22 characters and "==" (RFC 6455 4.2.1). The unused bits of the last character may
// have any value.
bool is_key(std::string_view key) noexcept {
  constexpr std::size_t kDigits = 22;
  return key.size() == kDigits + 2 && key.ends_with("==") &&
         std::all_of(key.begin(), key.begin() + kDigits, is_base64_char);
}

// An element of Sec-WebSocket-Extensions (RFC 6455 9.1). Commas inside quoted strings do not separate
// elements.
struct ExtensionElement {
  std::string_view text;
  bool quotes_closed;
};

ExtensionElement take_extension(std::string_view& list) noexcept {
  bool quoted = false;
  std::size_t at = 0;
  for (; at < list.size() && (quoted || list[at] != ','); ++at) {
    if (list[at] == '"') quoted = !quoted;
    if (quoted && list[at] == '\\' && at + 1 < list.size()) ++at;
  }
  const ExtensionElement element{trim_ows(list.substr(0, at)), !quoted};
  list.remove_prefix(at < list.size() ? at + 1 : at);
  return element;
}

std::string_view extension_name(std::string_view element) noexcept {
  return trim_ows(element.substr(0, element.find(';')));
}

bool offers_protocol(std::string_view offered, std::string_view protocol) noexcept {
  while (!offered.empty()) {
    if (take_element(offered) == protocol) return true;
  }
  return false;
}

bool offers_extension(std::string_view offered, std::string_view name) noexcept {
  while (!offered.empty()) {
    if (equals_ignoring_case(extension_name(take_extension(offered).text), name)) return true;
  }
  return false;
}

// A protocol that the client offered literally is accepted even if it is no token: that is the ends'
// business.
AnswerVerdict judge_protocol(std::string_view answered, std::string_view offered) noexcept {
  const std::string_view protocol = trim_ows(answered);
  if (protocol.empty()) return AnswerVerdict::ok;  // some origins send an empty field for "none"
  if (offers_protocol(offered, protocol)) return AnswerVerdict::ok;
  return is_token(protocol) ? AnswerVerdict::protocol_not_offered : AnswerVerdict::malformed_header;
}

AnswerVerdict judge_extensions(std::string_view answered, std::string_view offered) noexcept {
  while (!answered.empty()) {
    const ExtensionElement element = take_extension(answered);
    if (element.text.empty()) continue;  // RFC 9110 5.6.1: ignore empty elements
    const std::string_view name = extension_name(element.text);
    if (!element.quotes_closed || !is_token(name)) return AnswerVerdict::malformed_header;
    if (!offers_extension(offered, name)) return AnswerVerdict::extension_not_offered;
  }
  return AnswerVerdict::ok;
}

}  // namespace

bool has_token(std::string_view list, std::string_view token) noexcept {
  while (!list.empty()) {
    if (equals_ignoring_case(take_element(list), token)) return true;
  }
  return false;
}

std::string without_token(std::string_view list, std::string_view token) {
  std::string rest;
  while (!list.empty()) {
    const std::string_view element = take_element(list);
    if (element.empty() || equals_ignoring_case(element, token)) continue;
    if (!rest.empty()) rest += ", ";
    rest += element;
  }
  return rest;
}

bool is_handshake(const UpgradeRequest& request) noexcept {
  return request.method == "GET" && request.upgrade && has_token(*request.upgrade, kProtocolName) &&
         request.connection && has_token(*request.connection, "upgrade") && (request.key || request.version);
}

// RFC 6455 4.2.1. Judges the version before the key: a client of another version may have no key, and 426
// tells it the reason.
RequestVerdict judge_request(const UpgradeRequest& request) noexcept {
  if (!request.upgrade || !has_token(*request.upgrade, kProtocolName)) return RequestVerdict::not_upgrade;
  if (request.method != "GET") return RequestVerdict::bad_method;
  if (request.http_major != 1 || request.http_minor < 1) return RequestVerdict::bad_http_version;
  if (!request.connection || !has_token(*request.connection, "upgrade"))
    return RequestVerdict::bad_connection;
  if (!request.version || trim_ows(*request.version) != "13") return RequestVerdict::bad_version;
  if (!request.key || !is_key(trim_ows(*request.key))) return RequestVerdict::bad_key;
  return request.has_body ? RequestVerdict::has_body : RequestVerdict::ok;
}

AnswerVerdict judge_answer(const UpgradeAnswer& answer, std::string_view expected_accept,
                           std::optional<std::string_view> offered_protocols,
                           std::optional<std::string_view> offered_extensions) noexcept {
  if (!answer.upgrade || !equals_ignoring_case(trim_ows(*answer.upgrade), kProtocolName)) {
    return AnswerVerdict::bad_upgrade;
  }
  if (!answer.connection || !has_token(*answer.connection, "upgrade")) return AnswerVerdict::bad_connection;
  if (!answer.accept || trim_ows(*answer.accept) != expected_accept) return AnswerVerdict::bad_accept;
  if (answer.extensions) {
    const AnswerVerdict verdict = judge_extensions(*answer.extensions, offered_extensions.value_or(""));
    if (verdict != AnswerVerdict::ok) return verdict;
  }
  return answer.protocol ? judge_protocol(*answer.protocol, offered_protocols.value_or(""))
                         : AnswerVerdict::ok;
}

const char* describe(RequestVerdict verdict) noexcept {
  switch (verdict) {
    case RequestVerdict::not_upgrade: return "Upgrade does not list \"websocket\": not a WebSocket handshake";
    case RequestVerdict::ok: return "the WebSocket handshake is valid";
    case RequestVerdict::bad_method: return "the method of a WebSocket handshake must be GET";
    case RequestVerdict::bad_http_version: return "a WebSocket handshake needs HTTP/1.1";
    case RequestVerdict::bad_connection: return "Connection must list \"Upgrade\"";
    case RequestVerdict::bad_key:
      return "Sec-WebSocket-Key must be given once and be the base64 form of 16 bytes (24 characters)";
    case RequestVerdict::bad_version: return "Sec-WebSocket-Version must be 13";
    case RequestVerdict::has_body:
      return "a WebSocket handshake must have no body (Content-Length or Transfer-Encoding is given)";
  }
  return "unknown verdict";
}

const char* describe(AnswerVerdict verdict) noexcept {
  switch (verdict) {
    case AnswerVerdict::ok: return "the origin's answer to the WebSocket handshake is valid";
    case AnswerVerdict::bad_upgrade: return "Upgrade of the origin's answer must be \"websocket\"";
    case AnswerVerdict::bad_connection: return "Connection of the origin's answer must list \"Upgrade\"";
    case AnswerVerdict::bad_accept:
      return "Sec-WebSocket-Accept of the origin's answer does not match the key of the handshake";
    case AnswerVerdict::protocol_not_offered:
      return "Sec-WebSocket-Protocol of the origin's answer is not one that the client offered";
    case AnswerVerdict::extension_not_offered:
      return "Sec-WebSocket-Extensions of the origin's answer has an extension that the client did not offer";
    case AnswerVerdict::malformed_header:
      return "Sec-WebSocket-Protocol or Sec-WebSocket-Extensions of the origin's answer is malformed: one "
             "token, "
             "or a list of tokens with parameters, was expected";
  }
  return "unknown verdict";
}

const char* name(RequestVerdict verdict) noexcept {
  switch (verdict) {
    case RequestVerdict::not_upgrade: return "not_upgrade";
    case RequestVerdict::ok: return "ok";
    case RequestVerdict::bad_method: return "bad_method";
    case RequestVerdict::bad_http_version: return "bad_http_version";
    case RequestVerdict::bad_connection: return "bad_connection";
    case RequestVerdict::bad_key: return "bad_key";
    case RequestVerdict::bad_version: return "bad_version";
    case RequestVerdict::has_body: return "has_body";
  }
  return "unknown";
}

const char* name(AnswerVerdict verdict) noexcept {
  switch (verdict) {
    case AnswerVerdict::ok: return "ok";
    case AnswerVerdict::bad_upgrade: return "bad_upgrade";
    case AnswerVerdict::bad_connection: return "bad_connection";
    case AnswerVerdict::bad_accept: return "bad_accept";
    case AnswerVerdict::protocol_not_offered: return "protocol_not_offered";
    case AnswerVerdict::extension_not_offered: return "extension_not_offered";
    case AnswerVerdict::malformed_header: return "malformed_header";
  }
  return "unknown";
}

}  // namespace wsflow::ws
