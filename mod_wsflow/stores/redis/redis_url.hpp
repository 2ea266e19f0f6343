#pragma once

#include <string>
#include <string_view>

namespace wsflow::redis {

// Where a server is, and who we are there.
struct RedisUrl {
  std::string path;  // of a Unix socket; empty: `host` and `port` count
  std::string host;
  std::string port = "6379";
  std::string user;      // empty: the server's default user
  std::string password;  // empty: no AUTH
  std::string database;  // digits; empty: 0, the server's default
  bool tls = false;
};

// Reads redis://[user:password@]host[:port][/db], rediss://..., or unix:///path[?db=n]; user and password may
// be percent-encoded. What is wrong with it, as a literal, or nullptr. May throw std::bad_alloc.
const char* parse_url(std::string_view text, RedisUrl& url);

}  // namespace wsflow::redis
