#include "t/bench/target.hpp"

#include <algorithm>
#include <charconv>

#include "t/bench/frames.hpp"
#include "t/bench/net.hpp"

namespace wsflow::bench {
namespace {

constexpr std::string_view kKey = "d3NmbG93LWJlbmNoLWtleQ==";

}  // namespace

Target::Target(const std::string& url) {
  const bool secure = url.starts_with("wss://");
  if (!secure && !url.starts_with("ws://")) die("not a ws:// or wss:// URL: " + url);
  const std::size_t begin = secure ? 6 : 5;
  const std::size_t slash = std::min(url.find('/', begin), url.size());
  host = url.substr(begin, slash - begin);
  path = slash < url.size() ? url.substr(slash) : "/";
  constexpr std::string_view kHost = "127.0.0.1:";
  const char* const end = host.data() + host.size();
  if (!host.starts_with(kHost) || std::from_chars(host.data() + kHost.size(), end, port).ptr != end ||
      port == 0) {
    die("not on 127.0.0.1 with a port: " + url);
  }
  if (secure) {
    tls.reset(SSL_CTX_new(TLS_client_method()));
    relaxed_writes(tls.get());
  }
}

SslPtr Target::new_ssl() const {
  SslPtr ssl(tls ? SSL_new(tls.get()) : nullptr);
  if (ssl) SSL_set_connect_state(ssl.get());
  return ssl;
}

std::string Target::request() const {
  return "GET " + path + " HTTP/1.1\r\nHost: " + host +
         "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
         "Sec-WebSocket-Key: " +
         std::string(kKey) + "\r\n\r\n";
}

bool Target::accepted(std::string_view head) {
  return head.starts_with("HTTP/1.1 101 ") && field(head, "sec-websocket-accept") == accept_of(kKey);
}

}  // namespace wsflow::bench
