#pragma once

#include <optional>
#include <string_view>

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/os/tls_sessions.hpp"

namespace wsflow::httpd {

struct ConnectionState;

// What the connection to an origin has of the process's TLS sessions. In its ConnectionState.
struct OriginSession {
  std::optional<os::TlsSessions::Key> key;  // empty: the connection may neither resume a session nor keep one
  std::optional<base::Instant> verified;    // of the session that was offered; empty: none was
  bool established = false;                 // the TLS handshake has succeeded, and mod_ssl's checks too
};

// Offers the session with the origin `origin`, if there is one, to a connection of ours whose TLS handshake
// has not begun. Nothing for a plain one.
void offer_session(conn_rec* c, std::string_view origin) noexcept;
// Keeps the session of an established connection for the next one. The tickets of TLS 1.3 come behind the
// handshake, so this is called when the answer has been read. Pre: `ssl` still is mod_ssl's.
void keep_session(const conn_rec* c) noexcept;
// Forgets the session with which a handshake did not succeed: the next one is a full handshake. Called once
// the connection has ended.
void end_session(const ConnectionState& state) noexcept;

// Hook of mod_ssl: the TLS handshake with an origin has succeeded.
int ssl_proxy_post_handshake(conn_rec* c, SSL* ssl) noexcept;

}  // namespace wsflow::httpd
