#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace wsflow::config {

// What a page says of itself in the Origin field (RFC 6454), and what WSFlowOrigin allows.

struct PageOrigin {
  std::string_view scheme;
  std::string_view host;   // an IPv6 address with its brackets
  std::uint16_t port = 0;  // 0: none is given, and the scheme has no default
};
// Nothing for what is no single origin: "null", a list, something with a path.
std::optional<PageOrigin> parse_page_origin(std::string_view text) noexcept;
bool same_origin(const PageOrigin& a, const PageOrigin& b) noexcept;

// [scheme://]host[:port], as WSFlowOrigin takes it.
struct OriginPattern {
  std::string_view scheme;  // empty: any
  std::string_view host;    // empty with `subdomains`: any
  bool subdomains = false;  // "*.host": names below the host, and not the host itself
  bool any_port = false;    // ":*"
  std::uint16_t port = 0;   // 0: the default one of the scheme
};
std::optional<OriginPattern> parse_origin_pattern(std::string_view text) noexcept;
bool matches(const OriginPattern& pattern, const PageOrigin& origin) noexcept;

// One WSFlowOrigin.
struct OriginRules {
  std::span<const OriginPattern> patterns;  // borrowed from pconf
  bool any = false;
  bool same = false;         // the origin of the request itself
  bool opaque = false;       // "null"
  bool required = false;     // a handshake without the field is refused
  bool report_only = false;  // nothing is refused, but told
};
// `field`: the Origin field of a handshake, if it has one. `own`: the request's scheme://host[:port].
bool allows(const OriginRules& rules, std::optional<std::string_view> field, std::string_view own) noexcept;

}  // namespace wsflow::config
