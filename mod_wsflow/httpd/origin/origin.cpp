#include "mod_wsflow/httpd/origin/origin.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/origin/backend.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/request/foreign_filter.hpp"
#include "mod_wsflow/httpd/request/origin_session.hpp"
#include "mod_wsflow/os/connect.hpp"

namespace wsflow::httpd {

namespace {

using base::HandshakeRefusal;

constexpr const char* kFunction = "WSFLOW";  // our name in mod_proxy's log lines
constexpr const char* kForce10 = "force-proxy-request-1.0";

Step cannot_connect(int status) noexcept {
  return Step::fail({.status = status, .reason = HandshakeRefusal::origin_connect});
}

bool same_addresses(const apr_sockaddr_t* one, const apr_sockaddr_t* other) noexcept {
  for (; one != nullptr && other != nullptr; one = one->next, other = other->next) {
    if (apr_sockaddr_equal(one, other) == 0) return false;
  }
  return one == other;
}

}  // namespace

Origin::Origin(Process& process, request_rec* r, const Target& target, const config::TunnelSettings& settings,
               bool offload) noexcept
    : process_(process), r_(r), target_(target), settings_(settings), offload_(offload) {}

int Origin::fd() const noexcept {
  apr_os_sock_t fd = -1;
  if (backend_ != nullptr && backend_->sock != nullptr) apr_os_sock_get(&fd, backend_->sock);
  return fd;
}

void Origin::release() noexcept {
  if (backend_ == nullptr) return;
  if (sending_) {
    // Another thread may be at work on the connection: what it waits for ends now.
    if (!sending_->done()) os::cut(fd());
    process_.tls_jobs.forget(*sending_);
  }
  connector_.reset();
  free_backend(std::exchange(backend_, nullptr));
}

bool Origin::blocks() const noexcept {
  if (phase_ == Phase::aim) return target_.proxy_name != nullptr;
  return phase_ == Phase::send && !raw_ && (!offload_ || foreign_ != nullptr);
}

Step Origin::advance() {
  for (;;) {
    const auto step = run_phase();
    if (step.kind != Step::Kind::done || phase_ == Phase::ready) return step;
    // The caller may have to be asked first.
    if (blocks()) return Step::wait(-1, false, base::now());
  }
}

Step Origin::run_phase() {
  switch (phase_) {
    case Phase::aim: return aim();
    case Phase::look_up: return look_up();
    case Phase::connect: return connect();
    case Phase::open: return open();
    case Phase::send: return send();
    case Phase::answer: return read_answer();
    case Phase::ready: break;
  }
  return {};
}

// mod_proxy identifies a worker by its URL without the socket. Only the request shows the socket that a
// RewriteRule names.
Failure Origin::check_unix_socket() const {
  const auto& worker = *target_.worker;
  const char* named = apr_table_get(r_->notes, "uds_path");
  const std::string_view reached = worker.s->uds_path;
  if (named == nullptr || reached.empty() || reached == named) return {};
  ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r_,
                WSFLOGNO(0254) "refused with 502: the route's socket is %s, but mod_proxy has %s for this URL; "
                               "give it a port of its own, which is not used",
                named, worker.s->uds_path);
  return {.status = HTTP_BAD_GATEWAY, .reason = HandshakeRefusal::origin_connect};
}

Step Origin::aim() {
  name_ = name_origin(r_, target_.worker, target_.url);
  state_of(r_).origin = name_;
  if (const auto failure = check_unix_socket()) return Step::fail(failure);
  if (!is_usable(target_.worker, r_->server)) {
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r_,
                  WSFLOGNO(0030) "no connection to %s: mod_proxy holds the worker for unusable", name_.text);
    return Step::fail({.status = HTTP_SERVICE_UNAVAILABLE, .reason = HandshakeRefusal::origin_unavailable});
  }
  backend_ = make_backend(target_.worker, target_.tls && offload_ ? nullptr : r_->pool);
  if (backend_ == nullptr)
    return Step::fail({.status = HTTP_SERVICE_UNAVAILABLE, .reason = HandshakeRefusal::internal});
  backend_->is_ssl = target_.tls ? 1 : 0;
  local_url_ = target_.url;
  if (target_.proxy_name != nullptr) return connect_by_mod_proxy();
  options_ = socket_options(settings_, config_of(r_).handshakes, *target_.worker, *target_.conf);
  connect_end_ = options_.connect > 0 ? base::now() + base::Millis(apr_time_as_msec(options_.connect))
                                      : base::Instant::max();
  if (const int status = wsflow::httpd::aim(r_, backend_, target_.url, uri_, local_url_); status != OK)
    return cannot_connect(status);
  write_via_port(r_, via_port_, sizeof via_port_);
  const std::string reached(backend_->uds_path != nullptr ? backend_->uds_path : backend_->hostname);
  key_ = std::hash<std::string>{}(reached + ":" + std::to_string(backend_->port));
  phase_ = Phase::look_up;
  return {};
}

// Through another proxy (ProxyRemote), which may want a CONNECT first: mod_proxy does it, and this thread
// waits.
Step Origin::connect_by_mod_proxy() {
  const int determined =
      ap_proxy_determine_connection(r_->pool, r_, target_.conf, target_.worker, backend_, &uri_, &local_url_,
                                    target_.proxy_name, target_.proxy_port, via_port_, sizeof via_port_);
  // mod_proxy returns these two only if a name does not resolve: 502 until httpd 2.4.58.
  if (determined == HTTP_INTERNAL_SERVER_ERROR || determined == HTTP_BAD_GATEWAY) {
    return unresolved(0, target_.proxy_name);
  }
  if (determined != OK) return cannot_connect(determined);
  if (ap_proxy_connect_backend(kFunction, backend_, target_.worker, r_->server) != OK) {
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r_,
                  WSFLOGNO(0041) "mod_proxy cannot connect to the origin %s:%d: see its line",
                  backend_->hostname != nullptr ? backend_->hostname : "?", backend_->port);
    return cannot_connect(HTTP_SERVICE_UNAVAILABLE);
  }
  apr_socket_timeout_set(backend_->sock, 0);
  phase_ = Phase::open;
  return {};
}

Step Origin::wait_for_lookup(std::shared_ptr<OriginAddresses::Lookup> lookup) {
  lookup_ = std::move(lookup);
  if (!lookup_bell_) lookup_bell_ = std::make_shared<os::Wakeup>();
  if (!lookup_bell_->valid()) return unresolved(APR_FROM_OS_ERROR(EMFILE), backend_->hostname);
  lookup_->subscribe(lookup_bell_);
  return Step::wait(lookup_bell_->fd(), false, connect_end_);
}

// A shortage of this machine is no fault of the origin.
Step Origin::unresolved(apr_status_t status, const char* name) const {
  ap_log_rerror(APLOG_MARK, APLOG_ERR, status, r_,
                WSFLOGNO(0252) "the name of the origin does not resolve: %s", name);
  if (APR_STATUS_IS_EAGAIN(status) || APR_STATUS_IS_EMFILE(status)) {
    blame_no_origin(r_);
    return Step::fail(no_room(HandshakeRefusal::max_handshakes));
  }
  return cannot_connect(HTTP_SERVICE_UNAVAILABLE);
}

Step Origin::look_up() {
  auto* const tried = backend_->addr;
  if (backend_->uds_path != nullptr) {
    if (apr_sockaddr_info_get(&backend_->addr, backend_->uds_path, APR_UNIX, 0, 0, backend_->pool) !=
        APR_SUCCESS)
      return cannot_connect(HTTP_SERVICE_UNAVAILABLE);
  } else {
    if (lookup_ && !lookup_->done() && base::now() < connect_end_)
      return Step::wait(lookup_bell_->fd(), false, connect_end_);
    const bool in_time = !lookup_ || lookup_->done();
    auto answer = in_time ? process_.addresses.find(backend_->hostname, backend_->port,
                                                    target_.worker->s->is_address_reusable != 0,
                                                    std::exchange(lookup_, nullptr), backend_->pool)
                          : OriginAddresses::Answer{.status = APR_TIMEUP};
    if (answer.lookup) return wait_for_lookup(std::move(answer.lookup));
    if (answer.first == nullptr) return unresolved(answer.status, backend_->hostname);
    backend_->addr = answer.first;
    old_addresses_ = answer.old;
  }
  if (looked_again_ && same_addresses(tried, backend_->addr)) {
    connector_->tell();
    return cannot_connect(HTTP_SERVICE_UNAVAILABLE);
  }
  if (const int status = check_aim(r_, target_.conf, backend_, uri_); status != OK)
    return cannot_connect(status);
  if (!connector_) connector_.emplace(r_, backend_, target_.worker, options_);
  connector_->begin(connect_end_);
  phase_ = Phase::connect;
  return {};
}

Step Origin::connect() {
  const auto step = connector_->advance();
  if (step.kind == Step::Kind::done) phase_ = Phase::open;
  if (step.kind != Step::Kind::failed || !connector_->reached_none()) return step;
  if (old_addresses_ && !std::exchange(looked_again_, true)) {
    // The name may have moved: it is looked up again, and other addresses are worth another try.
    if (auto lookup = process_.addresses.look_again(backend_->hostname, backend_->port)) {
      if (connect_end_ != base::Instant::max())
        connect_end_ = std::max(connect_end_, base::now() + base::Millis(apr_time_as_msec(options_.connect)));
      phase_ = Phase::look_up;
      return wait_for_lookup(std::move(lookup));
    }
  }
  connector_->tell();
  return step;
}

Step Origin::open() {
  deadline_ = {.socket = backend_->sock,
               .at = base::now() + base::Millis(apr_time_as_msec(settings_.handshake))};
  if (ap_proxy_connection_create_ex(kFunction, backend_, r_) != OK) return cannot_connect(HTTP_BAD_GATEWAY);
  offer_session(connection(), name_.text);
  apr_socket_timeout_set(backend_->sock, 0);
  foreign_ = foreign_filter(connection());
  raw_ = backend_->is_ssl == 0 && foreign_ == nullptr;
  if (!raw_) set_deadline(connection(), deadline_);
  phase_ = Phase::send;
  return write_request();
}

// The request as mod_proxy writes requests (ProxyPreserveHost, ProxyAddHeaders, ...).
Step Origin::write_request() {
  auto* c = connection();
  brigade_ = apr_brigade_create(backend_->pool, c->bucket_alloc);
  char* length = nullptr;
  char* encoding = nullptr;
  // HTTP/1.0 has no handshake: the variable is hidden from mod_proxy, even if other requests need it.
  auto* environment = r_->subprocess_env;
  const char* forced = apr_table_get(environment, kForce10);
  if (forced != nullptr) apr_table_unset(environment, kForce10);
  const int made = ap_proxy_create_hdrbrgd(r_->pool, brigade_, r_, backend_, target_.worker, target_.conf,
                                           &uri_, local_url_, via_port_, &length, &encoding);
  if (forced != nullptr) apr_table_setn(environment, kForce10, forced);
  if (made != OK) return Step::fail({.status = made, .reason = HandshakeRefusal::internal});
  // mod_proxy has dropped the hop-by-hop headers; these are ours to the next hop (RFC 6455 4.1).
  constexpr std::string_view kEnd = "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
  // mod_proxy's buckets are of the client's connection: the backend gets bytes of its own.
  apr_brigade_length(brigade_, 0, &request_size_);
  request_.resize(static_cast<std::size_t>(request_size_));
  auto size = static_cast<apr_size_t>(request_size_);
  apr_brigade_flatten(brigade_, request_.data(), &size);
  apr_brigade_cleanup(brigade_);
  request_.append(kEnd);
  request_size_ = static_cast<apr_off_t>(request_.size());
  if (raw_) return {};
  const auto bytes = std::string_view(request_);
  APR_BRIGADE_INSERT_TAIL(brigade_,
                          apr_bucket_heap_create(bytes.data(), bytes.size(), nullptr, c->bucket_alloc));
  APR_BRIGADE_INSERT_TAIL(brigade_, apr_bucket_flush_create(c->bucket_alloc));
  return {};
}

}  // namespace wsflow::httpd
