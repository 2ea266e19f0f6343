#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wsflow::ws {

// The opening handshake: RFC 6455 4.2.1 for the client's request, 4.1 for the origin's answer. Field values
// have the form in which httpd keeps them: fields of one name are merged with ", ".
// httpd/handshake/accept_key computes Sec-WebSocket-Accept.

enum class RequestVerdict : std::uint8_t {
  not_upgrade,  // an ordinary request
  ok,
  bad_method,
  bad_http_version,
  bad_connection,
  bad_key,
  bad_version,
  has_body,
};

struct UpgradeRequest {
  std::string_view method;
  int http_major = 0;
  int http_minor = 0;
  std::optional<std::string_view> upgrade;
  std::optional<std::string_view> connection;
  std::optional<std::string_view> key;
  std::optional<std::string_view> version;
  bool has_body = false;
};

// True if the client wants a WebSocket, whether or not its handshake is valid. A proxy in front, or a line of
// the configuration, may put Upgrade on ordinary requests, which have no key and no version, or another
// method.
bool is_handshake(const UpgradeRequest& request) noexcept;

RequestVerdict judge_request(const UpgradeRequest& request) noexcept;

enum class AnswerVerdict : std::uint8_t {
  ok,
  bad_upgrade,
  bad_connection,
  bad_accept,
  protocol_not_offered,
  extension_not_offered,
  malformed_header,
};

struct UpgradeAnswer {
  std::optional<std::string_view> upgrade;
  std::optional<std::string_view> connection;
  std::optional<std::string_view> accept;
  std::optional<std::string_view> protocol;
  std::optional<std::string_view> extensions;
};

// Judges the fields of a 101 answer. Compares only the names of extensions: their parameters are the ends'
// business.
AnswerVerdict judge_answer(const UpgradeAnswer& answer, std::string_view expected_accept,
                           std::optional<std::string_view> offered_protocols,
                           std::optional<std::string_view> offered_extensions) noexcept;

// A sentence that names the header and the expected value.
const char* describe(RequestVerdict verdict) noexcept;
const char* describe(AnswerVerdict verdict) noexcept;

// A label of a closed set.
const char* name(RequestVerdict verdict) noexcept;
const char* name(AnswerVerdict verdict) noexcept;

// True if `token` is an element of the comma-separated list; ignores case.
bool has_token(std::string_view list, std::string_view token) noexcept;

// Returns the list without the elements that equal `token`; ignores case.
std::string without_token(std::string_view list, std::string_view token);

}  // namespace wsflow::ws
