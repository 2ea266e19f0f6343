#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wsflow::ws {

// The opening handshake of RFC 6455 (4.1, 4.2.1). Field values are taken as httpd keeps them: fields of one
// name are merged with ", ". The value of Sec-WebSocket-Accept is computed elsewhere.

enum class RequestVerdict : std::uint8_t {
  not_upgrade,  // no WebSocket handshake at all: an ordinary request
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

// Whether somebody wants a WebSocket, rightly or not. Many an ordinary request has an Upgrade that a proxy in
// front, or a line of the configuration, has put on all of them: but no key, no version, or another method.
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

// Judges the fields of a 101 answer. Parameters of extensions are the ends' business: only names are
// compared.
AnswerVerdict judge_answer(const UpgradeAnswer& answer, std::string_view expected_accept,
                           std::optional<std::string_view> offered_protocols,
                           std::optional<std::string_view> offered_extensions) noexcept;

// One sentence that names the header and what was expected.
const char* describe(RequestVerdict verdict) noexcept;
const char* describe(AnswerVerdict verdict) noexcept;

// A label of a closed set.
const char* name(RequestVerdict verdict) noexcept;
const char* name(AnswerVerdict verdict) noexcept;

// Whether `token` is an element of the comma-separated list, in any case.
bool has_token(std::string_view list, std::string_view token) noexcept;

// The list without that element.
std::string without_token(std::string_view list, std::string_view token);

}  // namespace wsflow::ws
