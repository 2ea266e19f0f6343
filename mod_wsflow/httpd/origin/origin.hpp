#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/httpd/origin/blocking_send.hpp"
#include "mod_wsflow/httpd/origin/origin_name.hpp"
#include "mod_wsflow/httpd/origin/origin_socket.hpp"
#include "mod_wsflow/httpd/origin/read_deadline.hpp"
#include "mod_wsflow/httpd/process/origin_addresses.hpp"
#include "mod_wsflow/ws/response_head.hpp"

namespace wsflow::httpd {

struct Process;

// A connection to an origin, for one handshake, in steps that do not wait. mod_proxy has chosen the origin
// and writes the handshake; its pool does not know the connection. One thread at a time: the one that has the
// request.
class Origin {
 public:
  // Where the handshake goes, as mod_proxy tells it to its scheme handlers. Borrowed.
  struct Target {
    proxy_worker* worker;
    proxy_server_conf* conf;
    char* url;
    const char* proxy_name;  // of ProxyRemote; nullptr: none
    apr_port_t proxy_port;
    bool tls;
  };

  // `offload`: a thread of the process may do what can only block; else the calling thread does.
  Origin(Process& process, request_rec* r, const Target& target, const config::TunnelSettings& settings,
         bool offload) noexcept;
  ~Origin() { release(); }
  Origin(const Origin&) = delete;
  Origin& operator=(const Origin&) = delete;

  // Goes on with the handshake as far as it goes without waiting. Done: the head of the answer is here.
  Step advance();
  // True if the next advance() blocks the thread that calls it.
  bool blocks() const noexcept;

  // Valid behind the first advance().
  const OriginName& name() const noexcept { return name_; }
  // Valid once advance() is done.
  const ws::ResponseHead& head() const noexcept { return head_; }
  // The bytes that were read behind the head.
  std::string_view behind_head() const noexcept { return std::string_view(buffer_).substr(head_size_); }
  // A number that stands for the origin that is reached, whatever worker of mod_proxy it belongs to.
  std::uint64_t key() const noexcept { return key_; }
  // The name of a connection filter that is not known; nullptr: none.
  const char* foreign() const noexcept { return foreign_; }

  conn_rec* connection() const noexcept { return backend_->connection; }
  proxy_conn_rec* backend() const noexcept { return backend_; }
  proxy_worker* worker() const noexcept { return target_.worker; }
  proxy_server_conf* conf() const noexcept { return target_.conf; }
  const char* via_port() const noexcept { return via_port_; }
  int fd() const noexcept;
  // Tells whether the last read that did not block has emptied the socket: with TLS, "nothing yet" alone does
  // not say so.
  bool dry() const noexcept { return raw_ || deadline_.dry; }
  void expect_data() noexcept { deadline_.dry = false; }

  // Adds to mod_proxy's count of what its worker has read.
  void count_read(apr_off_t bytes) noexcept;

  // Ends the connection.
  void release() noexcept;

 private:
  enum class Phase : unsigned char { aim, look_up, connect, open, send, answer, ready };

  Step run_phase();
  Step aim();
  Step connect_by_mod_proxy();
  Step look_up();
  Step wait_for_lookup(std::shared_ptr<OriginAddresses::Lookup> lookup);
  Step unresolved(apr_status_t status, const char* name) const;
  Step connect();
  Step open();
  Step write_request();
  Step send();
  Step send_raw();
  Step send_through_filters();
  Step sent(apr_status_t status);
  Step read_answer();
  Step read_head();
  apr_status_t read_more();
  apr_status_t read_raw();
  apr_status_t read_through_filters();
  Step parse_head();
  Step fail_reading(apr_status_t status);
  Failure check_unix_socket() const;

  Process& process_;                        // borrowed; outlives every request
  request_rec* r_;                          // borrowed
  Target target_;                           // borrowed
  const config::TunnelSettings& settings_;  // borrowed
  const bool offload_;
  Phase phase_ = Phase::aim;
  bool raw_ = false;            // plain, without foreign filters: bytes go past httpd's filters
  bool looked_again_ = false;   // none of the addresses that were known could be reached
  bool old_addresses_ = false;  // they may be out of date
  std::uint64_t key_ = 0;
  int interim_ = 0;                    // 1xx answers so far
  OriginName name_{};                  // in r's pool
  ReadDeadline deadline_{};            // of the handshake
  proxy_conn_rec* backend_ = nullptr;  // owned until release()
  apr_uri_t uri_{};
  char* local_url_ = nullptr;  // path and query for the request line; in r's pool
  const char* foreign_ = nullptr;
  char via_port_[32] = {};
  SocketOptions options_{};
  base::Instant connect_end_{};
  std::shared_ptr<OriginAddresses::Lookup> lookup_;  // that is waited for
  std::shared_ptr<os::Wakeup> lookup_bell_;          // rings at its end; with lookup_
  std::optional<Connector> connector_;
  apr_bucket_brigade* brigade_ = nullptr;  // the request; of the backend
  std::shared_ptr<BlockingSend> sending_;  // runs or has run; empty: nothing is sent by another thread
  std::string request_;                    // the rest of it, if it goes past the filters
  apr_off_t request_size_ = 0;
  std::string buffer_;        // the answer as far as it was read
  std::size_t searched_ = 0;  // of it, without an end of the head
  std::size_t head_size_ = 0;
  ws::ResponseHead head_{};  // views into buffer_
};

}  // namespace wsflow::httpd
