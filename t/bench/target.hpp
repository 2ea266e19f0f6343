// Where a load client connects to, and its opening handshake.
#pragma once

#include <string>
#include <string_view>

#include "t/bench/peer.hpp"

namespace wsflow::bench {

/// ws://127.0.0.1:PORT/path or wss://…; the certificate is not looked at.
struct Target {
  explicit Target(const std::string& url);

  SslPtr new_ssl() const;  // null: plain
  std::string request() const;
  /// Whether the head of an answer opens the WebSocket that request() asked for.
  static bool accepted(std::string_view head);

  unsigned port = 0;
  std::string host;
  std::string path;
  SslContextPtr tls;  // null: plain
};

}  // namespace wsflow::bench
