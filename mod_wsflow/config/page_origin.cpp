#include "mod_wsflow/config/page_origin.hpp"

#include <algorithm>
#include <charconv>

#include "mod_wsflow/ws/field_syntax.hpp"

namespace wsflow::config {

namespace {

using ws::equals_ignoring_case;

bool is_alpha(char c) noexcept {
  const char lower = ws::to_lower(c);
  return lower >= 'a' && lower <= 'z';
}
bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

bool is_scheme(std::string_view text) noexcept {
  return !text.empty() && is_alpha(text.front()) && std::all_of(text.begin(), text.end(), [](char c) {
    return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  });
}

bool is_host(std::string_view text) noexcept {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
    return std::all_of(text.begin(), text.end(), [](char c) {
      return is_digit(c) || (is_alpha(c) && ws::to_lower(c) <= 'f') || c == ':' || c == '.';
    });
  }
  return !text.empty() && text.front() != '.' && std::all_of(text.begin(), text.end(), [](char c) {
    return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_';
  });
}

bool parse_port(std::string_view text, std::uint16_t& port) noexcept {
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  return error == std::errc{} && stop == end && port != 0;
}

std::uint16_t default_port(std::string_view scheme) noexcept {
  if (equals_ignoring_case(scheme, "https") || equals_ignoring_case(scheme, "wss")) return 443;
  if (equals_ignoring_case(scheme, "http") || equals_ignoring_case(scheme, "ws")) return 80;
  return 0;
}

// Cuts "scheme://" off. False if it is there and is no scheme.
bool take_scheme(std::string_view& text, std::string_view& scheme) noexcept {
  const auto end = text.find("://");
  if (end == std::string_view::npos) return true;
  scheme = text.substr(0, end);
  text.remove_prefix(end + 3);
  return is_scheme(scheme);
}

struct HostPort {
  std::string_view host;
  std::optional<std::string_view> port;
};
HostPort split_port(std::string_view text) noexcept {
  const auto bracket = text.rfind(']');
  const auto colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon == std::string_view::npos) return {.host = text, .port = std::nullopt};
  return {.host = text.substr(0, colon), .port = text.substr(colon + 1)};
}

bool is_below(std::string_view name, std::string_view domain) noexcept {
  return name.size() > domain.size() + 1 && name[name.size() - domain.size() - 1] == '.' &&
         equals_ignoring_case(name.substr(name.size() - domain.size()), domain);
}

}  // namespace

std::optional<PageOrigin> parse_page_origin(std::string_view text) noexcept {
  PageOrigin origin;
  if (!take_scheme(text, origin.scheme) || origin.scheme.empty()) return std::nullopt;
  const auto [host, port] = split_port(text);
  if (!is_host(host)) return std::nullopt;
  origin.host = host;
  origin.port = default_port(origin.scheme);
  if (port && !parse_port(*port, origin.port)) return std::nullopt;
  return origin;
}

bool same_origin(const PageOrigin& a, const PageOrigin& b) noexcept {
  return equals_ignoring_case(a.scheme, b.scheme) && equals_ignoring_case(a.host, b.host) && a.port == b.port;
}

std::optional<OriginPattern> parse_origin_pattern(std::string_view text) noexcept {
  OriginPattern pattern;
  if (!take_scheme(text, pattern.scheme)) return std::nullopt;
  const auto [host, port] = split_port(text);
  pattern.host = host;
  pattern.subdomains = host == "*" || host.starts_with("*.");
  if (pattern.subdomains) pattern.host.remove_prefix(std::min<std::size_t>(host.size(), 2));
  if (host != "*" && (!is_host(pattern.host) || (pattern.subdomains && pattern.host.front() == '['))) {
    return std::nullopt;
  }
  pattern.any_port = port == "*";
  if (port && !pattern.any_port && !parse_port(*port, pattern.port)) return std::nullopt;
  return pattern;
}

bool matches(const OriginPattern& pattern, const PageOrigin& origin) noexcept {
  if (!pattern.scheme.empty() && !equals_ignoring_case(pattern.scheme, origin.scheme)) return false;
  const auto port = pattern.port != 0 ? pattern.port : default_port(origin.scheme);
  if (!pattern.any_port && port != origin.port) return false;
  if (!pattern.subdomains) return equals_ignoring_case(pattern.host, origin.host);
  return pattern.host.empty() || is_below(origin.host, pattern.host);
}

bool allows(const OriginRules& rules, std::optional<std::string_view> field, std::string_view own) noexcept {
  if (!field) return !rules.required;
  if (rules.any) return true;
  if (*field == "null") return rules.opaque;
  const auto origin = parse_page_origin(*field);
  if (!origin) return false;
  const auto request = rules.same ? parse_page_origin(own) : std::nullopt;
  if (request && same_origin(*origin, *request)) return true;
  return std::any_of(rules.patterns.begin(), rules.patterns.end(),
                     [&](const auto& pattern) { return matches(pattern, *origin); });
}

}  // namespace wsflow::config
