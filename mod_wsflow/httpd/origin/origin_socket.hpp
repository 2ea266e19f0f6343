#pragma once

#include <span>

#include "mod_wsflow/base/unique_fd.hpp"
#include "mod_wsflow/config/tunnel_settings.hpp"
#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/httpd/config/handshake_config.hpp"
#include "mod_wsflow/httpd/origin/step.hpp"

namespace wsflow::httpd {

// Options of the socket to an origin. The source addresses live in pconf.
struct SocketOptions {
  apr_interval_time_t connect;               // for all addresses of the origin together; 0: no bound
  apr_int32_t receive_buffer;                // bytes; 0: the system's
  apr_int32_t send_buffer;                   // bytes; 0: the system's
  std::span<apr_sockaddr_t* const> sources;  // empty: any address
  bool keepalive;                            // SO_KEEPALIVE
};
// mod_proxy's connectiontimeout= wins over our connect=. Its receivebuffersize= and ProxySourceAddress count
// where our settings say nothing.
SocketOptions socket_options(const config::TunnelSettings& settings, const HandshakeConfig& config,
                             const proxy_worker& worker, const proxy_server_conf& conf) noexcept;

// Connects to the addresses of `backend` in turn, until one answers, and puts the socket into `backend`. Each
// gets its share of the time that is left, so a dead address leaves time for the others. Sets the state of
// the worker as mod_proxy does when it connects. The thread that has the request; never waits.
class Connector {
 public:
  // All arguments are borrowed.
  Connector(request_rec* r, proxy_conn_rec* backend, proxy_worker* worker,
            const SocketOptions& options) noexcept
      : r_(r), backend_(backend), worker_(worker), options_(options) {}
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

  // Begins with the addresses of `backend`, until `end` at the latest.
  void begin(base::Instant end) noexcept;
  // Done: `backend` has its socket. Failed: `reached_none()`, or this machine cannot connect at all.
  Step advance();
  // The failure is that no address could be reached: other addresses may do.
  bool reached_none() const noexcept { return reached_none_; }
  // Logs that, and marks the worker for it. Pre: reached_none().
  void tell() const noexcept;

 private:
  int try_next();
  int connect_from(apr_sockaddr_t* source);
  int end_attempt() noexcept;
  void next_address() noexcept;
  bool next_source(int error) noexcept;
  Step wait_for_queue(base::Instant now);
  Step give_up();
  Step finish();

  request_rec* r_;                // borrowed
  proxy_conn_rec* backend_;       // borrowed
  proxy_worker* worker_;          // borrowed from mod_proxy
  const SocketOptions& options_;  // borrowed
  base::Instant end_{};
  base::Instant until_{};                   // of this attempt
  apr_sockaddr_t* address_ = nullptr;       // that is tried; nullptr: all have been tried
  apr_sockaddr_t* last_ = nullptr;          // the last one that was tried
  std::size_t first_source_ = 0;            // a random one of the source addresses
  std::size_t source_ = 0;                  // how many of them were tried for this address
  base::UniqueFd socket_;                   // owned; connects
  apr_sockaddr_t* out_of_ports_ = nullptr;  // the last address to which no local port was free
  int error_ = 0;                           // errno of the last failure
  base::Millis again_{};                    // until a local socket with a full queue is asked again
  bool reached_none_ = false;
  bool short_of_own_ = false;  // descriptors or memory of this machine
};

}  // namespace wsflow::httpd
