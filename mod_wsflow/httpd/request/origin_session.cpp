#include "mod_wsflow/httpd/request/origin_session.hpp"

#include "mod_wsflow/base/text.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/request/connection_state.hpp"

namespace wsflow::httpd {

namespace {

// The name that mod_ssl sends and checks; mod_proxy notes it.
std::string_view name_of(const conn_rec* c) noexcept {
  const char* name = apr_table_get(c->notes, "proxy-request-hostname");
  return name != nullptr ? name : "";
}

}  // namespace

void offer_session(conn_rec* c, std::string_view origin) noexcept {
  auto* state = state_of(c);
  if (state == nullptr || state->ssl == nullptr) return;
  auto& sessions = state->process.origin_sessions;
  // Behind one name there may be servers that know nothing of each other's sessions.
  base::Text<512> address;
  address << origin.substr(0, 400) << ' ' << (c->client_ip != nullptr ? c->client_ip : "") << ' '
          << (c->client_addr != nullptr ? c->client_addr->port : 0);
  state->session.key = sessions.key(SSL_get_SSL_CTX(state->ssl), c->base_server, name_of(c), address.view());
  state->session.verified = sessions.offer(*state->session.key, state->ssl, base::now());
}

void keep_session(const conn_rec* c) noexcept {
  const auto* state = state_of(c);
  if (state == nullptr || !state->session.key) return;
  const auto now = base::now();
  const bool resumed = SSL_session_reused(state->ssl) != 0;
  if (resumed && !state->session.verified) return;
  state->process.origin_sessions.keep(*state->session.key, state->ssl,
                                      resumed ? *state->session.verified : now, now);
}

void end_session(const ConnectionState& state) noexcept {
  const auto& session = state.session;
  // OpenSSL may be gone at the end of a process.
  if (!session.verified || session.established || state.process.ending) return;
  state.process.origin_sessions.forget(*session.key);
}

int ssl_proxy_post_handshake(conn_rec* c, SSL*) noexcept {
  if (auto* state = state_of(c)) state->session.established = true;
  return DECLINED;
}

}  // namespace wsflow::httpd
