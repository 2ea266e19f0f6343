#include "mod_wsflow/httpd/origin/origin_socket.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/httpd/elements.hpp"
#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/newer.hpp"
#include "mod_wsflow/os/local_address.hpp"
#include "mod_wsflow/os/random.hpp"

namespace wsflow::httpd {

namespace {

using base::HandshakeRefusal;
using Sources = std::span<apr_sockaddr_t* const>;

const char* ip_of(apr_pool_t* pool, apr_sockaddr_t* address) noexcept {
  char text[64] = "?";
  apr_sockaddr_ip_getbuf(text, sizeof text, address);
  return apr_pstrdup(pool, text);
}

// One attempt to reach an origin. Only the socket outlives it, in the backend's own pool.
class Connector {
 public:
  Connector(request_rec* r, proxy_conn_rec* backend, const SocketOptions& options, bool keepalive) noexcept
      : r_(r), backend_(backend), options_(options), keepalive_(keepalive), start_(base::now_us()) {}

  // Tries every address in turn. Each gets its share of the time that is left, so a dead address leaves time
  // for the others.
  apr_status_t connect_any();
  // The last address that was tried, and the last one to which no local port was free; nullptr: none.
  apr_sockaddr_t* last() const noexcept { return last_; }
  apr_sockaddr_t* out_of_ports() const noexcept { return out_of_ports_; }

 private:
  apr_status_t connect_to(apr_sockaddr_t* address, apr_interval_time_t time);
  apr_status_t connect_from(apr_sockaddr_t* source, apr_sockaddr_t* address, apr_interval_time_t time);
  apr_status_t make_socket(const apr_sockaddr_t* address, apr_socket_t*& socket) noexcept;

  request_rec* r_;                // borrowed
  proxy_conn_rec* backend_;       // borrowed
  const SocketOptions& options_;  // borrowed
  const bool keepalive_;
  const std::int64_t start_;
  apr_sockaddr_t* last_ = nullptr;
  apr_sockaddr_t* out_of_ports_ = nullptr;
};

apr_status_t Connector::make_socket(const apr_sockaddr_t* address, apr_socket_t*& socket) noexcept {
  const auto status =
      apr_socket_create(&socket, address->family, SOCK_STREAM, APR_PROTO_TCP, backend_->scpool);
  if (status != APR_SUCCESS) return status;
  if (options_.receive_buffer > 0) apr_socket_opt_set(socket, APR_SO_RCVBUF, options_.receive_buffer);
  if (options_.send_buffer > 0) apr_socket_opt_set(socket, APR_SO_SNDBUF, options_.send_buffer);
  apr_socket_opt_set(socket, APR_TCP_NODELAY, 1);
  if (keepalive_) apr_socket_opt_set(socket, APR_SO_KEEPALIVE, 1);
  return APR_SUCCESS;
}

apr_status_t Connector::connect_from(apr_sockaddr_t* source, apr_sockaddr_t* address,
                                     apr_interval_time_t time) {
  apr_socket_t* socket = nullptr;
  auto status = make_socket(address, socket);
  if (status != APR_SUCCESS) return status;
  if (source != nullptr) {
    apr_os_sock_t fd = -1;
    apr_os_sock_get(&fd, socket);
    os::choose_port_at_connect(fd);
    // A copy: APR writes the socket's port into the address.
    auto* own = static_cast<apr_sockaddr_t*>(apr_pmemdup(backend_->scpool, source, sizeof *source));
    own->pool = backend_->scpool;
    status = apr_socket_bind(socket, own);
    if (status != APR_SUCCESS) {
      ap_log_rerror(APLOG_MARK, APLOG_ERR, status, r_,
                    WSFLOGNO(0174) "cannot connect from the source address %s", ip_of(r_->pool, source));
    }
  }
  if (status == APR_SUCCESS) {
    apr_socket_timeout_set(socket, time);
    status = apr_socket_connect(socket, address);
    if (status == EADDRNOTAVAIL &&
        (source != nullptr || os::has_source_for(&address->sa, static_cast<std::size_t>(address->salen)))) {
      out_of_ports_ = address;
      ap_log_rerror(APLOG_MARK, APLOG_DEBUG, status, r_, WSFLOGNO(0175) "no free port from %s to %s:%d",
                    source != nullptr ? ip_of(r_->pool, source) : "this machine", ip_of(r_->pool, address),
                    address->port);
    }
  }
  if (status == APR_SUCCESS) {
    backend_->sock = socket;
    backend_->connection = nullptr;
  } else {
    apr_socket_close(socket);
  }
  return status;
}

// Connects from a random source address of the same family; from the next one if that has no free port, or
// is no address of this machine any more.
apr_status_t Connector::connect_to(apr_sockaddr_t* address, apr_interval_time_t time) {
  const auto sources = options_.sources;
  if (sources.empty()) return connect_from(nullptr, address, time);
  apr_status_t status = EAFNOSUPPORT;
  const auto first = os::random32() % sources.size();
  for (std::size_t i = 0; i < sources.size(); ++i) {
    auto* source = sources[(first + i) % sources.size()];
    if (source->family != address->family) continue;
    status = connect_from(source, address, time);
    if (status != EADDRNOTAVAIL) break;
  }
  return status;
}

apr_status_t Connector::connect_any() {
  int left = 0;
  for (const auto* each = backend_->addr; each != nullptr; each = each->next) ++left;
  apr_status_t status = EAFNOSUPPORT;
  for (auto* address = backend_->addr; address != nullptr; address = address->next, --left) {
    apr_interval_time_t time = -1;
    if (options_.connect > 0) {
      const auto rest = start_ + options_.connect - base::now_us();
      if (rest <= 0) return APR_TIMEUP;
      time = std::max<apr_interval_time_t>(rest / left, 1);
    }
    last_ = address;
    status = connect_to(address, time);
    if (status == APR_SUCCESS) break;
    if (address->next == nullptr) break;
    ap_log_rerror(APLOG_MARK, APLOG_DEBUG, status, r_,
                  WSFLOGNO(0178) "cannot connect to %s:%d, trying the next address of %s",
                  ip_of(r_->pool, address), address->port, backend_->hostname);
  }
  return status;
}

// Sets the state of the worker as ap_proxy_connect_backend() does after its own connect. mod_proxy writes
// these fields without atomics.
void mark(proxy_worker& worker, bool reached) noexcept {
  auto& shared = *worker.s;
  const std::atomic_ref status(shared.status);
  const std::atomic_ref error_time(shared.error_time);
  const std::atomic_ref retries(shared.retries);
  constexpr auto kOrder = std::memory_order_relaxed;
  const auto is = status.load(kOrder);
  if ((is & PROXY_WORKER_NOT_USABLE_BITMAP) != 0 || (is & PROXY_WORKER_INITIALIZED) == 0) return;
  if (!reached) {
    if ((is & PROXY_WORKER_IGNORE_ERRORS) != 0) return;
    error_time.store(apr_time_now(), kOrder);
    status.fetch_or(PROXY_WORKER_IN_ERROR, kOrder);
    return;
  }
  // All processes share this cache line, so it is written only if a value changes.
  if (error_time.load(kOrder) != 0) error_time.store(0, kOrder);
  if (retries.load(kOrder) != 0) retries.store(0, kOrder);
}

// The source addresses that were tried: those of the origin's family.
const char* list_of(apr_pool_t* pool, Sources sources, const apr_sockaddr_t& origin) noexcept {
  const char* list = sources.empty() ? "this machine" : nullptr;
  for (auto* source : sources) {
    if (source->family != origin.family) continue;
    const char* ip = ip_of(pool, source);
    list = list == nullptr ? ip : apr_pstrcat(pool, list, ", ", ip, nullptr);
  }
  return list;
}

// Looks the name up again, as the address that mod_proxy keeps may be out of date. True: it is worth another
// try. An older mod_proxy keeps the address until a reload.
bool has_moved(proxy_conn_rec& backend, server_rec* server) noexcept {
  return ap_proxy_determine_address != nullptr &&
         ap_proxy_determine_address("WSFLOW", &backend, backend.hostname, backend.port, newer::kCheckAddress,
                                    nullptr, server) == APR_SUCCESS;
}

Failure refuse_for_want_of_ports(request_rec* r, apr_sockaddr_t& origin, Sources sources) noexcept {
  ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                WSFLOGNO(0170) "no free port from %s to the origin %s:%d: all %u of each source address are in use "
                "(net.ipv4.ip_local_port_range): add addresses to WSFlowSourceAddress",
                list_of(r->pool, sources, origin), ip_of(r->pool, &origin), origin.port, os::port_count());
  // The origin is not at fault.
  blame_no_origin(r);
  return {.status = HTTP_SERVICE_UNAVAILABLE, .reason = HandshakeRefusal::no_source_port};
}

}  // namespace

SocketOptions socket_options(const config::TunnelSettings& settings, const HandshakeConfig& config,
                             const proxy_worker& worker, const proxy_server_conf& conf) noexcept {
  const auto& keys = *worker.s;
  auto sources = elements<apr_sockaddr_t* const>(config.sources);
  if (sources.empty() && conf.source_address_set != 0) sources = {&conf.source_address, 1};
  return {.connect = keys.conn_timeout_set != 0 ? keys.conn_timeout : settings.connect,
          .receive_buffer = settings.receive_buffer > 0 ? static_cast<apr_int32_t>(settings.receive_buffer)
                                                        : static_cast<apr_int32_t>(keys.recv_buffer_size),
          .send_buffer = static_cast<apr_int32_t>(settings.send_buffer),
          .sources = sources};
}

Failure connect_socket(request_rec* r, proxy_conn_rec* backend, proxy_worker* worker,
                       const SocketOptions& options) {
  Connector connector(r, backend, options, worker->s->keepalive != 0);
  auto status = connector.connect_any();
  if (status != APR_SUCCESS && connector.out_of_ports() == nullptr && worker->s->is_address_reusable != 0 &&
      has_moved(*backend, r->server)) {
    status = connector.connect_any();
  }
  if (status != APR_SUCCESS && connector.out_of_ports() != nullptr) {
    return refuse_for_want_of_ports(r, *connector.out_of_ports(), options.sources);
  }
  mark(*worker, status == APR_SUCCESS);
  if (status == APR_SUCCESS) return {};
  ap_log_rerror(APLOG_MARK, APLOG_ERR, status, r, WSFLOGNO(0031) "cannot connect to the origin %s:%d (%s)",
                backend->hostname, backend->port, ip_of(r->pool, connector.last()));
  // 503 lets mod_proxy try another member of the balancer; finish_request() makes 502 of the last one.
  return {.status = HTTP_SERVICE_UNAVAILABLE, .reason = HandshakeRefusal::origin_connect};
}

}  // namespace wsflow::httpd
