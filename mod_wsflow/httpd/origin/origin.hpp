#pragma once

#include <string>
#include <string_view>

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/httpd/origin/origin_name.hpp"
#include "mod_wsflow/httpd/origin/origin_socket.hpp"
#include "mod_wsflow/httpd/request/read_deadline.hpp"
#include "mod_wsflow/httpd/request/refusal.hpp"
#include "mod_wsflow/ws/response_head.hpp"

namespace wsflow::httpd {

// A connection of mod_proxy to an origin, for one handshake. The destructor gives it back to mod_proxy if
// release() has not done so. Worker thread; every wait ends by the handshake's deadline.
class Origin {
 public:
  Origin(request_rec* r, proxy_worker* worker, proxy_server_conf* conf,
         const config::TunnelSettings& settings) noexcept
      : r_(r), worker_(worker), conf_(conf), settings_(settings) {}
  ~Origin() { release(); }
  Origin(const Origin&) = delete;
  Origin& operator=(const Origin&) = delete;

  // Opens a new connection: the origin may be about to close one of mod_proxy's pool.
  Failure connect(char* url, const char* proxy_name, apr_port_t proxy_port, bool tls);
  // Sends the client's handshake as mod_proxy writes requests (ProxyPreserveHost, ProxyAddHeaders, ...).
  Failure send_handshake();
  // Waits for the head of the answer. head() and behind_head() are valid afterwards.
  Failure await_answer();

  // Valid after a call of connect().
  const OriginName& name() const noexcept { return name_; }
  const ws::ResponseHead& head() const noexcept { return head_; }
  // The bytes that were read behind the head.
  std::string_view behind_head() const noexcept { return std::string_view(buffer_).substr(head_size_); }

  conn_rec* connection() const noexcept { return backend_->connection; }
  proxy_conn_rec* backend() const noexcept { return backend_; }
  proxy_worker* worker() const noexcept { return worker_; }
  proxy_server_conf* conf() const noexcept { return conf_; }
  const char* via_port() const noexcept { return via_port_; }

  // Gives the connection back to mod_proxy, which closes it.
  void release() noexcept;

 private:
  Failure check_unix_socket() const;
  Failure open_socket();
  Failure read_head();
  Failure fail_reading(apr_status_t status);

  request_rec* r_;                          // borrowed
  proxy_worker* worker_;                    // borrowed from mod_proxy
  proxy_server_conf* conf_;                 // borrowed from mod_proxy
  const config::TunnelSettings& settings_;  // borrowed
  OriginName name_{};                       // in r's pool
  ReadDeadline deadline_{};                 // of the handshake
  proxy_conn_rec* backend_ = nullptr;       // ours until release()
  apr_uri_t uri_{};
  char* local_url_ = nullptr;  // path and query for the request line; in r's pool
  char via_port_[32] = {};
  std::string buffer_;  // the answer as far as it was read
  std::size_t head_size_ = 0;
  ws::ResponseHead head_{};  // views into buffer_
};

}  // namespace wsflow::httpd
