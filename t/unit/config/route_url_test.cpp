#include "mod_wsflow/config/route_url.hpp"

#include <catch2/catch.hpp>
#include <string>

using wsflow::config::check_origin_url;
using wsflow::config::check_route_path;

namespace {

std::string problem(std::string_view url) {
  const char* text = check_origin_url(url);
  return text == nullptr ? "" : text;
}

}  // namespace

TEST_CASE("the URLs that an operator would write are accepted", "[route_url]") {
  const auto* url =
      GENERATE("!", "ws://host", "ws://host/", "ws://host:80/chat", "wss://host:65535/chat?x=y",
               "http://host/", "https://10.0.0.1:8443/a/b", "WS://Host/", "Wss://host:1",
               "balancer://cluster", "balancer://cluster/chat", "ws://[::1]/", "ws://[2001:db8::1]:9000/chat",
               "unix:/run/app.sock|ws://localhost/chat", "UNIX:/run/app.sock|http://localhost/",
               "unix:/run/app.sock|ws:", "unix:/run/app.sock|ws://", "ws://${HOST}/", "ws://$1:$2/");
  INFO(url);
  CHECK(problem(url).empty());
}

TEST_CASE("a scheme that is not ours is named with the ones that are", "[route_url]") {
  const auto* url = GENERATE("", "host", "host:8080", "ftp://host/", "wsx://host/", "ajp://host/", "//host/",
                             "/path", "://host", "!ws://host/", "unix:/run/app.sock|balancer://cluster/",
                             "unix:/run/app.sock|", "unix:/run/app.sock|/chat");
  INFO(url);
  CHECK(problem(url).find("must begin with ws://") != std::string::npos);
}

TEST_CASE("a URL without a host is refused", "[route_url]") {
  const auto* url = GENERATE("ws://", "ws:///chat", "ws://:80/", "ws://?x", "ws://#x", "ws://::1/");
  INFO(url);
  CHECK(problem(url) == "the URL names no host");
}

TEST_CASE("the scheme needs its slashes", "[route_url]") {
  const auto* url = GENERATE("ws:host", "ws:/host", "wss:", "balancer:cluster", "unix:/run/a.sock|ws:/host");
  INFO(url);
  CHECK(problem(url) == "the scheme must be followed by '//' and a host");
}

TEST_CASE("a port is a number from 1 to 65535", "[route_url]") {
  const auto* url = GENERATE("ws://host:/", "ws://host:0/", "ws://host:65536/", "ws://host:99999999999/",
                             "ws://host:80a/", "ws://host:-1/", "ws://host:+80/", "ws://host:80:90/",
                             "ws://host: 80/", "ws://[::1]:x/", "ws://[::1]:/");
  INFO(url);
  CHECK(problem(url) == "the port must be a number from 1 to 65535");
}

TEST_CASE("a user or password in the URL is refused", "[route_url]") {
  CHECK(problem("ws://user@host/") == "the URL must not hold a user or password");
  CHECK(problem("ws://user:secret@host:80/") == "the URL must not hold a user or password");
  CHECK(problem("ws://host/a@b").empty());
}

TEST_CASE("an IPv6 address needs its brackets", "[route_url]") {
  CHECK(problem("ws://[::1/") == "the IPv6 address lacks its closing ']'");
  CHECK(problem("ws://[::1]80/") == "the host must be followed by ':port' or '/'");
}

TEST_CASE("a unix socket needs an absolute path and an inner URL", "[route_url]") {
  const auto* url =
      GENERATE("unix:", "unix:/run/app.sock", "unix:run/app.sock|ws://localhost/", "unix:|ws://localhost/");
  INFO(url);
  CHECK(problem(url).find("a unix socket is written") == 0);
}

TEST_CASE("a host that can be none is refused", "[route_url]") {
  const auto* url = GENERATE("ws://[]/", "ws://[]:80/", "ws://ho st/", "ws://host\t/", "ws://ho\x01st/",
                             "ws://ho\"st/", "ws://host]/", "ws://<host>/");
  INFO(url);
  CHECK_FALSE(problem(url).empty());
}

TEST_CASE("a route's path begins with a slash", "[route_url]") {
  CHECK(check_route_path("/") == nullptr);
  CHECK(check_route_path("/chat") == nullptr);
  CHECK(check_route_path("") != nullptr);
  CHECK(check_route_path("chat") != nullptr);
  CHECK(check_route_path("ws://host/") != nullptr);
}
