#include "mod_wsflow/programs/load/target_url.hpp"

#include <algorithm>

#include "mod_wsflow/config/values.hpp"

namespace wsflow::load {

namespace {

constexpr std::uint16_t kPort = 80;
constexpr std::uint16_t kSecurePort = 443;

// Neither a space nor a control character nor a byte beyond ASCII: a request line has none.
bool is_plain(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

base::Wrong wrong(std::string_view what, std::string_view text) {
  return {std::string(what) + ": " + std::string(text)};
}

}  // namespace

base::Parsed<HostPort> parse_host_port(std::string_view text, std::uint16_t port) {
  HostPort result{.host = {}, .port = port};
  auto rest = text;
  if (rest.starts_with('[')) {
    const auto end = rest.find(']');
    if (end == std::string_view::npos) return wrong("an IPv6 address without its closing bracket", text);
    result.host = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
  } else {
    const auto end = std::min(rest.find(':'), rest.size());
    result.host = rest.substr(0, end);
    rest.remove_prefix(end);
  }
  if (result.host.empty()) return wrong("no host name or address", text);
  if (rest.empty()) return result;
  const auto number = rest.starts_with(':') ? config::parse_number(rest.substr(1), 1, 65535) : std::nullopt;
  if (!number) return wrong("behind the host, a colon and a port from 1 to 65535 was expected", text);
  result.port = static_cast<std::uint16_t>(*number);
  return result;
}

base::Parsed<TargetUrl> parse_target_url(std::string_view text) {
  TargetUrl url;
  url.secure = text.starts_with("wss://");
  if (!url.secure && !text.starts_with("ws://")) return wrong("not a ws:// or wss:// URL", text);
  if (!is_plain(text))
    return wrong("a URL has no spaces, control characters or letters beyond ASCII (write %20)", text);
  const auto behind = text.substr(text.find("//") + 2);
  const auto end = std::min(behind.find_first_of("/?#"), behind.size());
  const auto authority = behind.substr(0, end);
  auto rest = behind.substr(end);
  if (rest.find('#') != std::string_view::npos) return wrong("a WebSocket URL has no fragment (#)", text);
  if (authority.find('@') != std::string_view::npos)
    return wrong("no user name in the URL; use --header \"Authorization: ...\"", text);
  auto parts = parse_host_port(authority, url.secure ? kSecurePort : kPort);
  if (!parts) return base::Wrong{parts.wrong() + " (in " + std::string(text) + ")"};
  url.host = parts->host;
  url.port = parts->port;
  url.authority = authority;
  url.request = rest.starts_with('/') ? std::string(rest) : "/" + std::string(rest);
  const auto query = std::min(url.request.find('?'), url.request.size());
  url.shown = std::string(url.secure ? "wss://" : "ws://") + url.authority + url.request.substr(0, query);
  if (query != url.request.size()) url.shown += "?...";
  return url;
}

}  // namespace wsflow::load
