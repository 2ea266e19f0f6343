#include <string>

#include "mod_wsflow/httpd/child.hpp"
#include "mod_wsflow/httpd/connection_filters.hpp"
#include "mod_wsflow/httpd/handover.hpp"
#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/switching.hpp"
#include "mod_wsflow/httpd/tunnel_row.hpp"

namespace wsflow::httpd {

namespace {

using base::Outcome;

// Counts the tunnel as long as it is in scope.
class Counted {
 public:
  explicit Counted(metrics::Recorder& recorder) noexcept : recorder_(recorder) {
    recorder_.tunnel_opened(true);
  }
  ~Counted() { recorder_.tunnel_ended(outcome, true); }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  Outcome outcome = Outcome::closed;

 private:
  metrics::Recorder& recorder_;  // borrowed
};

// What mod_proxy's tunnel and the two watches let us know of its end.
Outcome outcome_of(int status, const Watch& client, const Watch& origin, const conn_rec* c) noexcept {
  if (client.observer.close_seen() || origin.observer.close_seen()) return Outcome::closed;
  if (status == HTTP_GATEWAY_TIME_OUT) return Outcome::close_timeout;
  if (c->aborted != 0) return Outcome::client_reset;
  if (origin.ended) return Outcome::origin_eof;
  return client.ended ? Outcome::client_eof : Outcome::origin_reset;
}

}  // namespace

Failure run_on_worker(request_rec* r, Origin& origin, std::uint64_t id) {
  auto* c = r->connection;
  auto* process = child();
  if (process == nullptr) return {.status = HTTP_SERVICE_UNAVAILABLE, .reason = base::Refusal::internal};
  auto& recorder = process->recorder;
  const std::string early(origin.behind_head());
  if (!send_switching(r, origin.head())) return {.status = DONE, .reason = base::Refusal::client_gone};

  proxy_tunnel_rec* tunnel = nullptr;
  const auto made = ap_proxy_tunnel_create(&tunnel, r, origin.connection(), "websocket");
  if (made != APR_SUCCESS) {
    ap_log_rerror(APLOG_MARK, APLOG_ERR, made, r, WSFLOGNO(0060) "cannot make a tunnel on this worker");
    c->aborted = 1;  // the client has its 101 already
    return {.status = DONE, .reason = base::Refusal::internal};
  }
  Watch from_client{.observer = tunnel::Observer(metrics::Direction::client_to_origin), .recorder = recorder};
  Watch from_origin{.observer = tunnel::Observer(metrics::Direction::origin_to_client), .recorder = recorder};
  // mod_http2 has no half-close towards its client: only the end of the request ends the stream.
  from_origin.fail_at_end = c->master != nullptr;
  watch_input(c, from_client);
  watch_input(origin.connection(), from_origin);
  r->input_filters = r->proto_input_filters = c->input_filters;

  Counted counted(recorder);
  const auto row = open_row(r, origin.worker(), id);
  if (!early.empty()) {
    from_origin.observer.see({reinterpret_cast<const std::uint8_t*>(early.data()), early.size()}, recorder);
    auto* brigade = apr_brigade_create(r->pool, c->bucket_alloc);
    apr_brigade_write(brigade, nullptr, nullptr, early.data(), early.size());
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_flush_create(c->bucket_alloc));
    ap_pass_brigade(c->output_filters, brigade);
  }
  const int status = ap_proxy_tunnel_run(tunnel);
  end_watch(c);
  end_watch(origin.connection());
  r->input_filters = r->proto_input_filters = c->input_filters;
  counted.outcome = outcome_of(status, from_client, from_origin, c);
  ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r, WSFLOGNO(0061) "tunnel %016" APR_UINT64_T_HEX_FMT " ended: %s",
                id, base::name(counted.outcome));
  return {};
}

}  // namespace wsflow::httpd
