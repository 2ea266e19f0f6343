#include "mod_wsflow/httpd/origin/origin.hpp"

#include <algorithm>
#include <atomic>
#include <span>
#include <utility>

#include "mod_wsflow/httpd/log.hpp"

namespace wsflow::httpd {

namespace {

using base::HandshakeRefusal;

constexpr const char* kFunction = "WSFLOW";  // our name in mod_proxy's log lines
constexpr const char* kForce10 = "force-proxy-request-1.0";
constexpr std::size_t kMaxHead = 64UL * 1024;
constexpr int kMaxInterim = 10;  // 1xx answers before the real one, as mod_proxy_http allows

const char* name_of(const proxy_conn_rec* backend) noexcept {
  return backend->hostname != nullptr ? backend->hostname : "?";
}

// All workers of all processes share mod_proxy's counts; mod_proxy itself adds to them without atomics.
void add(apr_off_t& count, apr_off_t change) noexcept {
  std::atomic_ref<apr_off_t>(count).fetch_add(change, std::memory_order_relaxed);
}

}  // namespace

void Origin::release() noexcept {
  if (backend_ == nullptr) return;
  backend_->close = 1;
  ap_proxy_release_connection(kFunction, std::exchange(backend_, nullptr), r_->server);
}

// mod_proxy identifies a worker by its URL without the socket. Only the request shows the socket that a
// RewriteRule names.
Failure Origin::check_unix_socket() const {
  const char* named = apr_table_get(r_->notes, "uds_path");
  const std::string_view reached = worker_->s->uds_path;
  if (named == nullptr || reached.empty() || reached == named) return {};
  ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r_,
                WSFLOGNO(0254) "refused with 502: the route's socket is %s, but mod_proxy has %s for this URL; "
                               "give it a port of its own, which is not used",
                named, worker_->s->uds_path);
  return {.status = HTTP_BAD_GATEWAY, .reason = HandshakeRefusal::origin_connect};
}

Failure Origin::connect(char* url, const char* proxy_name, apr_port_t proxy_port, bool tls) {
  name_ = name_origin(r_, worker_, url);
  if (const auto failure = check_unix_socket()) return failure;
  const int acquired = ap_proxy_acquire_connection(kFunction, &backend_, worker_, r_->server);
  if (acquired != OK) {
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r_, WSFLOGNO(0030)
                  "no connection to %s: mod_proxy holds the worker for unusable, or all its connections are taken",
                  name_.text);
    return {.status = acquired, .reason = HandshakeRefusal::origin_unavailable};
  }
  backend_->is_ssl = tls ? 1 : 0;
  backend_->close = 1;  // a kept connection is closed now
  local_url_ = url;
  const int determined =
      ap_proxy_determine_connection(r_->pool, r_, conf_, worker_, backend_, &uri_, &local_url_, proxy_name,
                                    proxy_port, via_port_, sizeof via_port_);
  // mod_proxy returns these two only if a name does not resolve: 502 until httpd 2.4.58.
  if (determined == HTTP_INTERNAL_SERVER_ERROR || determined == HTTP_BAD_GATEWAY) {
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r_, WSFLOGNO(0252) "the name of the origin does not resolve: %s",
                  proxy_name != nullptr ? proxy_name : uri_.hostname);
    return {.status = HTTP_SERVICE_UNAVAILABLE, .reason = HandshakeRefusal::origin_connect};
  }
  if (determined != OK) return {.status = determined, .reason = HandshakeRefusal::origin_connect};

  if (const auto failure = open_socket()) return failure;
  deadline_ = {.socket = backend_->sock,
               .at = base::now() + base::Millis(apr_time_as_msec(settings_.handshake))};
  const int created = ap_proxy_connection_create_ex(kFunction, backend_, r_);
  if (created != OK) return {.status = HTTP_BAD_GATEWAY, .reason = HandshakeRefusal::origin_connect};
  set_deadline(backend_->connection, deadline_);
  return {};
}

// mod_proxy connects to Unix sockets and through another proxy (ProxyRemote); connect_socket() does the
// rest.
Failure Origin::open_socket() {
  if (backend_->uds_path == nullptr && backend_->forward == nullptr) {
    return connect_socket(r_, backend_, worker_,
                          socket_options(settings_, config_of(r_).handshakes, *worker_, *conf_));
  }
  if (ap_proxy_connect_backend(kFunction, backend_, worker_, r_->server) == OK) return {};
  ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r_,
                WSFLOGNO(0041) "mod_proxy cannot connect to the origin %s:%d: see its line",
                name_of(backend_), backend_->port);
  return {.status = HTTP_SERVICE_UNAVAILABLE, .reason = HandshakeRefusal::origin_connect};
}

Failure Origin::send_handshake() {
  auto* c = backend_->connection;
  auto* brigade = apr_brigade_create(r_->pool, c->bucket_alloc);
  char* length = nullptr;
  char* encoding = nullptr;
  // HTTP/1.0 has no handshake: the variable is hidden from mod_proxy, even if other requests need it.
  auto* environment = r_->subprocess_env;
  const char* forced = apr_table_get(environment, kForce10);
  if (forced != nullptr) apr_table_unset(environment, kForce10);
  const int made = ap_proxy_create_hdrbrgd(r_->pool, brigade, r_, backend_, worker_, conf_, &uri_, local_url_,
                                           via_port_, &length, &encoding);
  if (forced != nullptr) apr_table_setn(environment, kForce10, forced);
  if (made != OK) return {.status = made, .reason = HandshakeRefusal::internal};
  // mod_proxy has dropped the hop-by-hop headers; these are ours to the next hop (RFC 6455 4.1).
  constexpr std::string_view kEnd = "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
  APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_immortal_create(kEnd.data(), kEnd.size(), c->bucket_alloc));
  APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_flush_create(c->bucket_alloc));
  apr_off_t size = 0;
  apr_brigade_length(brigade, 0, &size);

  apr_socket_timeout_set(backend_->sock, std::max<apr_interval_time_t>(deadline_.left(), 1));
  const auto status = ap_pass_brigade(c->output_filters, brigade);
  apr_brigade_destroy(brigade);
  if (status == APR_SUCCESS && !c->aborted) {
    add(worker_->s->transferred, size);
    return {};
  }
  if (deadline_.left() <= 0 || APR_STATUS_IS_TIMEUP(status)) {
    ap_log_rerror(APLOG_MARK, APLOG_ERR, status, r_,
                  WSFLOGNO(0032) "the origin %s:%d took no handshake within the handshake time-out",
                  name_of(backend_), backend_->port);
    return {.status = HTTP_GATEWAY_TIME_OUT, .reason = HandshakeRefusal::origin_timeout};
  }
  ap_log_rerror(APLOG_MARK, APLOG_ERR, status, r_,
                WSFLOGNO(0033) "cannot send the handshake to the origin %s:%d%s", name_of(backend_),
                backend_->port,
                backend_->is_ssl != 0 ? " (its TLS handshake may have failed: see mod_ssl's lines)" : "");
  return {.status = HTTP_BAD_GATEWAY, .reason = HandshakeRefusal::origin_connect};
}

Failure Origin::await_answer() {
  for (int interim = 0; interim <= kMaxInterim; ++interim) {
    if (const auto failure = read_head()) return failure;
    ws::unfold(std::span(buffer_).first(head_size_));
    const auto error = ws::parse_response_head(std::string_view(buffer_).substr(0, head_size_), head_);
    if (error != ws::HeadError::none) {
      ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r_,
                    WSFLOGNO(0034) "the origin %s:%d answered what is no HTTP response: %s",
                    name_of(backend_), backend_->port, ws::describe(error));
      return {.status = HTTP_BAD_GATEWAY, .reason = HandshakeRefusal::origin_garbage};
    }
    add(worker_->s->read, static_cast<apr_off_t>(head_size_));
    if (head_.status >= 200 || head_.status == HTTP_SWITCHING_PROTOCOLS) {
      lift_deadline(backend_->connection);
      return {};
    }
    buffer_.erase(0, head_size_);
  }
  ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r_,
                WSFLOGNO(0035) "the origin %s:%d sent more than %d interim responses", name_of(backend_),
                backend_->port, kMaxInterim);
  return {.status = HTTP_BAD_GATEWAY, .reason = HandshakeRefusal::origin_garbage};
}

Failure Origin::read_head() {
  auto* c = backend_->connection;
  auto* brigade = apr_brigade_create(r_->pool, c->bucket_alloc);
  std::size_t searched = 0;
  for (;;) {
    const auto end = ws::find_head_end(buffer_, searched);
    if (end != std::string_view::npos) {
      head_size_ = end;
      apr_brigade_destroy(brigade);
      return {};
    }
    searched = buffer_.size();
    if (searched > kMaxHead) {
      ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r_,
                    WSFLOGNO(0036) "the head of the answer of the origin %s:%d is larger than %d bytes",
                    name_of(backend_), backend_->port, static_cast<int>(kMaxHead));
      return {.status = HTTP_BAD_GATEWAY, .reason = HandshakeRefusal::origin_garbage};
    }
    const auto status = ap_get_brigade(c->input_filters, brigade, AP_MODE_READBYTES, APR_BLOCK_READ, 8192);
    if (status != APR_SUCCESS) return fail_reading(status);
    apr_off_t length = 0;
    apr_brigade_length(brigade, 1, &length);
    if (length <= 0) return fail_reading(APR_EOF);
    buffer_.resize(searched + static_cast<std::size_t>(length));
    auto size = static_cast<apr_size_t>(length);
    apr_brigade_flatten(brigade, buffer_.data() + searched, &size);
    buffer_.resize(searched + size);
    apr_brigade_cleanup(brigade);
  }
}

Failure Origin::fail_reading(apr_status_t status) {
  if (APR_STATUS_IS_TIMEUP(status)) {
    apr_table_setn(r_->notes, "proxy_timedout", "1");  // for mod_proxy_balancer's failontimeout
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r_,
                  WSFLOGNO(0037) "the origin %s:%d did not answer the handshake within %" APR_TIME_T_FMT
                                 " ms (WSFlowTimeout handshake)",
                  name_of(backend_), backend_->port, apr_time_as_msec(settings_.handshake));
    return {.status = HTTP_GATEWAY_TIME_OUT, .reason = HandshakeRefusal::origin_timeout};
  }
  const char* when = buffer_.empty() ? "before it answered" : "in the middle of its answer";
  if (APR_STATUS_IS_ECONNRESET(status)) {
    ap_log_rerror(APLOG_MARK, APLOG_ERR, status, r_,
                  WSFLOGNO(0038) "the origin %s:%d reset the connection %s", name_of(backend_),
                  backend_->port, when);
    return {.status = HTTP_BAD_GATEWAY, .reason = HandshakeRefusal::origin_reset};
  }
  ap_log_rerror(APLOG_MARK, APLOG_ERR, APR_STATUS_IS_EOF(status) ? 0 : status, r_,
                WSFLOGNO(0039) "the origin %s:%d closed the connection %s", name_of(backend_), backend_->port,
                when);
  return {.status = HTTP_BAD_GATEWAY, .reason = HandshakeRefusal::origin_closed};
}

}  // namespace wsflow::httpd
