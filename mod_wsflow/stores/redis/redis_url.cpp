#include "mod_wsflow/stores/redis/redis_url.hpp"

#include <algorithm>
#include <optional>

namespace wsflow::redis {

namespace {

constexpr const char* kForm =
    "needs redis://[user:password@]host[:port][/db], rediss://... or unix:///path[?db=n]";
constexpr const char* kNumber = "the number of the database is none from 0 to 9999";

bool take(std::string_view& text, std::string_view begin) noexcept {
  if (!text.starts_with(begin)) return false;
  text.remove_prefix(begin.size());
  return true;
}

bool is_number(std::string_view text, std::size_t digits) noexcept {
  return !text.empty() && text.size() <= digits &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

int hex(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += text[i];
      continue;
    }
    if (text.size() - i < 3 || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0) return std::nullopt;
    result += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
    i += 2;
  }
  return result;
}

const char* parse_user(std::string_view text, RedisUrl& url) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return "a user needs a password: user:password@, or :password@";
  auto user = decoded(text.substr(0, colon));
  auto password = decoded(text.substr(colon + 1));
  if (!user || !password) return "a % in user or password needs two hexadecimal digits behind it";
  if (password->empty()) return "the password is empty";
  url.user = std::move(*user);
  url.password = std::move(*password);
  return nullptr;
}

const char* parse_host(std::string_view text, RedisUrl& url) {
  std::string_view port;
  if (take(text, "[")) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return "an IPv6 address ends with ]";
    url.host = text.substr(0, end);
    port = text.substr(end + 1);
  } else {
    const auto end = std::min(text.find(':'), text.size());
    url.host = text.substr(0, end);
    port = text.substr(end);
  }
  if (url.host.empty()) return kForm;
  if (port.empty()) return nullptr;
  if (!take(port, ":") || !is_number(port, 5)) return "the port is no number";
  url.port = port;
  return std::stoi(url.port) >= 1 && std::stoi(url.port) <= 65'535 ? nullptr
                                                                   : "the port is no number from 1 to 65535";
}

const char* parse_server(std::string_view text, RedisUrl& url) {
  // A password may have an @ that is not encoded.
  if (const auto at = text.rfind('@'); at != std::string_view::npos) {
    if (const char* wrong = parse_user(text.substr(0, at), url)) return wrong;
    text.remove_prefix(at + 1);
  }
  const auto slash = text.find('/');
  if (slash != std::string_view::npos) {
    const auto database = text.substr(slash + 1);
    if (!database.empty() && !is_number(database, 4)) return kNumber;
    url.database = database;
    text = text.substr(0, slash);
  }
  return parse_host(text, url);
}

const char* parse_path(std::string_view text, RedisUrl& url) {
  constexpr std::size_t kMost = 107;  // of sockaddr_un
  const auto query = text.find('?');
  url.path = text.substr(0, query);
  if (!url.path.starts_with('/') || url.path.size() > kMost)
    return "a Unix socket needs an absolute path of at most 107 bytes";
  if (query == std::string_view::npos) return nullptr;
  text.remove_prefix(query + 1);
  if (!take(text, "db=") || !is_number(text, 4)) return kNumber;
  url.database = text;
  return nullptr;
}

}  // namespace

const char* parse_url(std::string_view text, RedisUrl& url) {
  if (take(text, "unix://")) return parse_path(text, url);
  url.tls = take(text, "rediss://");
  return url.tls || take(text, "redis://") ? parse_server(text, url) : kForm;
}

}  // namespace wsflow::redis
