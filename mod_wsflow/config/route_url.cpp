#include "mod_wsflow/config/route_url.hpp"

#include <algorithm>
#include <charconv>

#include "mod_wsflow/ws/field_syntax.hpp"

namespace wsflow::config {

namespace {

using ws::equals_ignoring_case;

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) noexcept {
  return std::any_of(words.begin(), words.end(), [&](auto each) { return equals_ignoring_case(word, each); });
}

const char* check_port(std::string_view port) noexcept {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc{} || end != port.data() + port.size() || number == 0 || number > 65535) {
    return "the port must be a number from 1 to 65535";
  }
  return nullptr;
}

bool is_host_character(char c) noexcept {
  return c > ' ' && c != 0x7F && std::string_view("\"<>[]\\^`{|}").find(c) == std::string_view::npos;
}
bool is_ipv6_character(char c) noexcept {
  return std::string_view("0123456789abcdefABCDEF:.").find(c) != std::string_view::npos;
}

const char* check_host(std::string_view host) noexcept {
  const bool ipv6 = host.front() == '[';
  if (ipv6) host = host.substr(1, host.size() - 2);
  if (host.empty() || !std::all_of(host.begin(), host.end(), ipv6 ? is_ipv6_character : is_host_character)) {
    return "the host is no name and no address";
  }
  return nullptr;
}

const char* check_authority(std::string_view authority) noexcept {
  if (authority.find('@') != std::string_view::npos) return "the URL must not hold a user or password";
  std::size_t host_end = authority.find(':');
  if (!authority.empty() && authority.front() == '[') {
    const auto bracket = authority.find(']');
    if (bracket == std::string_view::npos) return "the IPv6 address lacks its closing ']'";
    host_end = bracket + 1 == authority.size() ? std::string_view::npos : bracket + 1;
    if (host_end != std::string_view::npos && authority[host_end] != ':') {
      return "the host must be followed by ':port' or '/'";
    }
  }
  const auto host = authority.substr(0, host_end);
  if (host.empty()) return "the URL names no host";
  if (host.find('$') != std::string_view::npos) return nullptr;  // interpolated at run time
  if (const char* problem = check_host(host)) return problem;
  return host_end == std::string_view::npos ? nullptr : check_port(authority.substr(host_end + 1));
}

}  // namespace

const char* check_origin_url(std::string_view url) noexcept {
  if (url == "!") return nullptr;
  bool over_unix_socket = false;
  if (equals_ignoring_case(url.substr(0, 5), "unix:")) {
    const auto bar = url.find('|');
    if (bar == std::string_view::npos || url.size() < 6 || url[5] != '/') {
      return "a unix socket is written unix:/path/of/socket|ws://host/path";
    }
    url.remove_prefix(bar + 1);
    over_unix_socket = true;
  }
  const auto colon = url.find(':');
  const auto scheme = url.substr(0, colon == std::string_view::npos ? 0 : colon);
  const bool balancer = equals_ignoring_case(scheme, "balancer");
  if (!is_one_of(scheme, {"ws", "wss", "http", "https"}) && !(balancer && !over_unix_socket)) {
    return "the URL must begin with ws://, wss://, http://, https://, balancer:// or unix:/path|ws://, or be "
           "'!'";
  }
  url.remove_prefix(colon + 1);
  if (over_unix_socket && (url.empty() || url == "//")) return nullptr;  // mod_proxy adds "localhost"
  if (url.substr(0, 2) != "//") return "the scheme must be followed by '//' and a host";
  url.remove_prefix(2);
  return check_authority(url.substr(0, std::min(url.find_first_of("/?#"), url.size())));
}

const char* check_route_path(std::string_view path) noexcept {
  if (path.empty() || path.front() != '/') return "the path must begin with '/'";
  return nullptr;
}

}  // namespace wsflow::config
