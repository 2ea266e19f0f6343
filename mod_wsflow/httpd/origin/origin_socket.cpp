#include "mod_wsflow/httpd/origin/origin_socket.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/httpd/elements.hpp"
#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/os/connect.hpp"
#include "mod_wsflow/os/local_address.hpp"
#include "mod_wsflow/os/random.hpp"
#include "mod_wsflow/os/socket.hpp"

namespace wsflow::httpd {

namespace {

using base::HandshakeRefusal;
using Sources = std::span<apr_sockaddr_t* const>;

const char* ip_of(apr_pool_t* pool, apr_sockaddr_t* address) noexcept {
  char text[64] = "?";
  apr_sockaddr_ip_getbuf(text, sizeof text, address);
  return apr_pstrdup(pool, text);
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

bool is_own_shortage(int error) noexcept {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
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
          .sources = sources,
          .keepalive = keys.keepalive != 0};
}

void Connector::begin(base::Instant end) noexcept {
  end_ = end;
  address_ = backend_->addr;
  reached_none_ = false;
  next_address();
}

// Shares out the time that is left, and chooses a source address at random.
void Connector::next_address() noexcept {
  if (address_ == nullptr) return;
  int left = 0;
  for (const auto* each = address_; each != nullptr; each = each->next) ++left;
  const auto now = base::now();
  until_ = end_ == base::Instant::max() ? end_ : now + std::max((end_ - now) / left, base::Millis{1});
  source_ = 0;
  first_source_ = options_.sources.empty() ? 0 : os::random32() % options_.sources.size();
  last_ = address_;
}

int Connector::connect_from(apr_sockaddr_t* source) {
  socket_ = os::stream_socket(address_->family);
  if (!socket_) return errno;
  const int fd = socket_.get();
  os::set_buffers(fd, options_.receive_buffer, options_.send_buffer);
  if (source != nullptr) {
    os::choose_port_at_connect(fd);
    if (const int error = os::bind_to(fd, &source->sa, static_cast<std::size_t>(source->salen))) {
      ap_log_rerror(APLOG_MARK, APLOG_ERR, error, r_,
                    WSFLOGNO(0174) "cannot connect from the source address %s", ip_of(r_->pool, source));
      return error;
    }
  }
  return os::begin_connect(fd, &address_->sa, static_cast<std::size_t>(address_->salen));
}

// Begins to connect to the address, from the next source address of its family.
int Connector::try_next() {
  const auto sources = options_.sources;
  if (sources.empty() || address_->family == APR_UNIX) return connect_from(nullptr);
  for (; source_ < sources.size(); ++source_) {
    auto* source = sources[(first_source_ + source_) % sources.size()];
    if (source->family == address_->family) return connect_from(source);
  }
  return EAFNOSUPPORT;
}

int Connector::end_attempt() noexcept {
  return os::end_connect(socket_.get(), &address_->sa, static_cast<std::size_t>(address_->salen));
}

// True if another source address may do: this one has no free port, or is none of this machine any more.
bool Connector::next_source(int error) noexcept {
  if (error != EADDRNOTAVAIL) return false;
  const auto sources = options_.sources;
  const auto* source = sources.empty() || source_ >= sources.size()
                           ? nullptr
                           : sources[(first_source_ + source_) % sources.size()];
  if (source != nullptr || os::has_source_for(&address_->sa, static_cast<std::size_t>(address_->salen))) {
    out_of_ports_ = address_;
    ap_log_rerror(APLOG_MARK, APLOG_DEBUG, error, r_, WSFLOGNO(0175) "no free port from %s to %s:%d",
                  source != nullptr ? ip_of(r_->pool, const_cast<apr_sockaddr_t*>(source)) : "this machine",
                  ip_of(r_->pool, address_), address_->port);
  }
  ++source_;
  return source != nullptr && source_ < sources.size();
}

// Nobody tells when a local socket has room in its queue: it is asked again, by many less and less often.
Step Connector::wait_for_queue(base::Instant now) {
  constexpr base::Millis kFirst{20};
  constexpr base::Millis kMost{500};
  again_ = std::clamp(again_ * 2, kFirst, kMost);
  const base::Millis jitter(os::random32() % static_cast<std::uint32_t>(again_.count()));
  return Step::wait(-1, false, std::min(until_, now + again_ + jitter));
}

Step Connector::advance() {
  while (address_ != nullptr) {
    int error = socket_ ? end_attempt() : try_next();
    if (error == 0) return finish();
    const auto now = base::now();
    if (error == EINPROGRESS && now < until_) return Step::wait(socket_.get(), true, until_);
    socket_.reset();
    if (error == EAGAIN && address_->family == APR_UNIX && now < until_) return wait_for_queue(now);
    error_ = error == EINPROGRESS || error == EAGAIN ? APR_TIMEUP : error;
    short_of_own_ = short_of_own_ || is_own_shortage(error);
    if (next_source(error)) continue;
    if (address_->next != nullptr) {
      ap_log_rerror(APLOG_MARK, APLOG_DEBUG, error_, r_,
                    WSFLOGNO(0178) "cannot connect to %s:%d, trying the next address of %s",
                    ip_of(r_->pool, address_), address_->port, backend_->hostname);
    }
    address_ = address_->next;
    next_address();
  }
  return give_up();
}

// Gives the socket to httpd. Its pool closes it.
Step Connector::finish() {
  int fd = socket_.get();
  apr_os_sock_info_t info{
      .os_sock = &fd,
      .local = nullptr,
      .remote = address_->family == APR_UNIX ? nullptr : reinterpret_cast<sockaddr*>(&address_->sa),
      .family = address_->family,
      .type = SOCK_STREAM,
      .protocol = 0};
  if (apr_os_sock_make(&backend_->sock, &info, backend_->scpool) != APR_SUCCESS) return give_up();
  socket_.release();
  if (address_->family != APR_UNIX) {
    // By APR, which tells httpd then that it is done.
    apr_socket_opt_set(backend_->sock, APR_TCP_NODELAY, 1);
    if (options_.keepalive) apr_socket_opt_set(backend_->sock, APR_SO_KEEPALIVE, 1);
  }
  apr_socket_timeout_set(backend_->sock, 0);
  backend_->addr = address_;
  mark(*worker_, true);
  return {};
}

Step Connector::give_up() {
  if (out_of_ports_ != nullptr)
    return Step::fail(refuse_for_want_of_ports(r_, *out_of_ports_, options_.sources));
  if (short_of_own_) {
    ap_log_rerror(APLOG_MARK, APLOG_ERR, error_, r_,
                  WSFLOGNO(0367) "no descriptor or memory for a connection to the origin %s:%d",
                  backend_->hostname, backend_->port);
    blame_no_origin(r_);
    return Step::fail({.status = HTTP_SERVICE_UNAVAILABLE, .reason = HandshakeRefusal::internal});
  }
  reached_none_ = true;
  return Step::fail({.status = HTTP_SERVICE_UNAVAILABLE, .reason = HandshakeRefusal::origin_connect});
}

// 503 lets mod_proxy try another member of the balancer; finish_request() makes 502 of the last one.
void Connector::tell() const noexcept {
  mark(*worker_, false);
  ap_log_rerror(APLOG_MARK, APLOG_ERR, error_, r_, WSFLOGNO(0031) "cannot connect to the origin %s:%d (%s)",
                backend_->hostname, backend_->port,
                last_ != nullptr && last_->family != APR_UNIX ? ip_of(r_->pool, last_)
                : backend_->uds_path != nullptr               ? backend_->uds_path
                                                              : "?");
}

}  // namespace wsflow::httpd
