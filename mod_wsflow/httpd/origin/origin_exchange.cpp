// The part of Origin that sends the handshake and reads the head of the answer.

#include <algorithm>
#include <atomic>
#include <span>

#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/origin/origin.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/os/socket.hpp"

namespace wsflow::httpd {

namespace {

using base::HandshakeRefusal;

constexpr std::size_t kMaxHead = 64UL * 1024;
constexpr std::size_t kRead = 4096;  // most heads are shorter
constexpr int kMaxInterim = 10;      // 1xx answers before the real one, as mod_proxy_http allows

const char* name_of(const proxy_conn_rec* backend) noexcept {
  return backend->hostname != nullptr ? backend->hostname : "?";
}

// All workers of all processes share mod_proxy's counts; mod_proxy itself adds to them without atomics.
void add(apr_off_t& count, apr_off_t change) noexcept {
  std::atomic_ref<apr_off_t>(count).fetch_add(change, std::memory_order_relaxed);
}

}  // namespace

void Origin::count_read(apr_off_t bytes) noexcept {
  add(target_.worker->s->read, bytes);
}

Step Origin::send() {
  return raw_ ? send_raw() : send_through_filters();
}

Step Origin::send_raw() {
  while (!request_.empty()) {
    const auto result =
        os::send(fd(), {reinterpret_cast<const std::uint8_t*>(request_.data()), request_.size()});
    switch (result.status) {
      case os::Io::ok: request_.erase(0, result.bytes); break;
      case os::Io::again:
        if (deadline_.left() <= 0) return sent(APR_TIMEUP);
        return Step::wait(fd(), true, deadline_.at);
      case os::Io::eof:
      case os::Io::failed: return sent(result.error);
    }
  }
  return sent(APR_SUCCESS);
}

Step Origin::send_through_filters() {
  if (!sending_) {
    apr_socket_timeout_set(backend_->sock, std::max<apr_interval_time_t>(deadline_.left(), 1));
    if (blocks()) return sent(ap_pass_brigade(connection()->output_filters, brigade_));
    sending_ = std::make_shared<BlockingSend>(connection(), brigade_);
    if (sending_->bell() < 0 || !process_.tls_jobs.add(sending_, key_)) {
      sending_.reset();
      ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r_,
                    WSFLOGNO(0363) "too many TLS handshakes with origins are under way: none with %s:%d",
                    name_of(backend_), backend_->port);
      return Step::fail(no_room(HandshakeRefusal::max_handshakes));
    }
  }
  if (sending_->done()) return sent(sending_->status());
  if (deadline_.left() > 0) return Step::wait(sending_->bell(), false, deadline_.at);
  return sent(APR_TIMEUP);
}

Step Origin::sent(apr_status_t status) {
  if (status == APR_SUCCESS && !connection()->aborted) {
    if (sending_) process_.tls_jobs.forget(*sending_);  // so that this thread closes its descriptor
    sending_.reset();
    if (!raw_) apr_socket_timeout_set(backend_->sock, 0);
    add(target_.worker->s->transferred, request_size_);
    phase_ = Phase::answer;
    return {};
  }
  if (deadline_.left() <= 0 || APR_STATUS_IS_TIMEUP(status)) {
    ap_log_rerror(APLOG_MARK, APLOG_ERR, status, r_,
                  WSFLOGNO(0032) "the origin %s:%d took no handshake within the handshake time-out",
                  name_of(backend_), backend_->port);
    return Step::fail({.status = HTTP_GATEWAY_TIME_OUT, .reason = HandshakeRefusal::origin_timeout});
  }
  ap_log_rerror(APLOG_MARK, APLOG_ERR, status, r_,
                WSFLOGNO(0033) "cannot send the handshake to the origin %s:%d%s", name_of(backend_),
                backend_->port,
                backend_->is_ssl != 0 ? " (its TLS handshake may have failed: see mod_ssl's lines)" : "");
  return Step::fail({.status = HTTP_BAD_GATEWAY, .reason = HandshakeRefusal::origin_connect});
}

Step Origin::read_answer() {
  for (;;) {
    const auto read = read_head();
    if (read.kind != Step::Kind::done) return read;
    const auto parsed = parse_head();
    if (parsed.kind != Step::Kind::done || phase_ == Phase::ready) return parsed;
  }
}

// Done with phase_ unchanged: the head was that of an interim answer.
Step Origin::parse_head() {
  ws::unfold(std::span(buffer_).first(head_size_));
  const auto error = ws::parse_response_head(std::string_view(buffer_).substr(0, head_size_), head_);
  if (error != ws::HeadError::none) {
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r_,
                  WSFLOGNO(0034) "the origin %s:%d answered what is no HTTP response: %s", name_of(backend_),
                  backend_->port, ws::describe(error));
    return Step::fail({.status = HTTP_BAD_GATEWAY, .reason = HandshakeRefusal::origin_garbage});
  }
  count_read(static_cast<apr_off_t>(head_size_));
  if (head_.status >= 200 || head_.status == HTTP_SWITCHING_PROTOCOLS) {
    phase_ = Phase::ready;
    if (head_.status == HTTP_SWITCHING_PROTOCOLS && !raw_) lift_deadline(connection());
    deadline_.at = base::Instant::max();
    return {};
  }
  if (++interim_ > kMaxInterim) {
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r_,
                  WSFLOGNO(0035) "the origin %s:%d sent more than %d interim responses", name_of(backend_),
                  backend_->port, kMaxInterim);
    return Step::fail({.status = HTTP_BAD_GATEWAY, .reason = HandshakeRefusal::origin_garbage});
  }
  buffer_.erase(0, head_size_);
  searched_ = 0;
  return {};
}

Step Origin::read_head() {
  for (;;) {
    const auto end = ws::find_head_end(buffer_, searched_);
    if (end != std::string_view::npos) {
      head_size_ = end;
      return {};
    }
    searched_ = buffer_.size();
    if (searched_ > kMaxHead) {
      ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r_,
                    WSFLOGNO(0036) "the head of the answer of the origin %s:%d is larger than %d bytes",
                    name_of(backend_), backend_->port, static_cast<int>(kMaxHead));
      return Step::fail({.status = HTTP_BAD_GATEWAY, .reason = HandshakeRefusal::origin_garbage});
    }
    const auto status = read_more();
    if (status == APR_SUCCESS) continue;
    // Bytes that have arrived are read before the time counts: the process may have been stopped meanwhile.
    if (!APR_STATUS_IS_EAGAIN(status)) return fail_reading(status);
    if (deadline_.left() <= 0) return fail_reading(APR_TIMEUP);
    return Step::wait(fd(), false, deadline_.at);
  }
}

apr_status_t Origin::read_more() {
  return raw_ ? read_raw() : read_through_filters();
}

apr_status_t Origin::read_raw() {
  const auto had = buffer_.size();
  buffer_.resize(had + kRead);
  const auto result = os::receive(fd(), {reinterpret_cast<std::uint8_t*>(buffer_.data()) + had, kRead});
  buffer_.resize(had + (result.status == os::Io::ok ? result.bytes : 0));
  switch (result.status) {
    case os::Io::ok: return APR_SUCCESS;
    case os::Io::again: return APR_EAGAIN;
    case os::Io::eof: return APR_EOF;
    case os::Io::failed: break;
  }
  return result.error;
}

// With TLS, "nothing yet" comes behind each record that is no data, too.
apr_status_t Origin::read_through_filters() {
  constexpr int kTriesInVain = 64;
  for (int tries = 0; tries < kTriesInVain; ++tries) {
    expect_data();
    apr_brigade_cleanup(brigade_);
    const auto status = ap_get_brigade(connection()->input_filters, brigade_, AP_MODE_READBYTES,
                                       APR_NONBLOCK_READ, static_cast<apr_off_t>(kRead));
    if (status != APR_SUCCESS && !APR_STATUS_IS_EAGAIN(status)) return status;
    apr_off_t length = 0;
    apr_brigade_length(brigade_, 1, &length);
    if (length > 0) {
      const auto had = buffer_.size();
      buffer_.resize(had + static_cast<std::size_t>(length));
      auto size = static_cast<apr_size_t>(length);
      apr_brigade_flatten(brigade_, buffer_.data() + had, &size);
      buffer_.resize(had + size);
      apr_brigade_cleanup(brigade_);
      return APR_SUCCESS;
    }
    if (!APR_BRIGADE_EMPTY(brigade_)) return APR_EOF;
    if (dry()) break;
  }
  return APR_EAGAIN;
}

Step Origin::fail_reading(apr_status_t status) {
  if (APR_STATUS_IS_TIMEUP(status)) {
    apr_table_setn(r_->notes, "proxy_timedout", "1");  // for mod_proxy_balancer's failontimeout
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r_,
                  WSFLOGNO(0037) "the origin %s:%d did not answer the handshake within %" APR_TIME_T_FMT
                                 " ms (WSFlowTimeout handshake)",
                  name_of(backend_), backend_->port, apr_time_as_msec(settings_.handshake));
    return Step::fail({.status = HTTP_GATEWAY_TIME_OUT, .reason = HandshakeRefusal::origin_timeout});
  }
  const char* when = buffer_.empty() ? "before it answered" : "in the middle of its answer";
  if (APR_STATUS_IS_ECONNRESET(status)) {
    ap_log_rerror(APLOG_MARK, APLOG_ERR, status, r_,
                  WSFLOGNO(0038) "the origin %s:%d reset the connection %s", name_of(backend_),
                  backend_->port, when);
    return Step::fail({.status = HTTP_BAD_GATEWAY, .reason = HandshakeRefusal::origin_reset});
  }
  ap_log_rerror(APLOG_MARK, APLOG_ERR, APR_STATUS_IS_EOF(status) ? 0 : status, r_,
                WSFLOGNO(0039) "the origin %s:%d closed the connection %s", name_of(backend_), backend_->port,
                when);
  return Step::fail({.status = HTTP_BAD_GATEWAY, .reason = HandshakeRefusal::origin_closed});
}

}  // namespace wsflow::httpd
