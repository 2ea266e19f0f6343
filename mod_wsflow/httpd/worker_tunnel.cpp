#include <string>

#include "mod_wsflow/httpd/child.hpp"
#include "mod_wsflow/httpd/connection_filters.hpp"
#include "mod_wsflow/httpd/handover.hpp"
#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/switching.hpp"

namespace wsflow::httpd {

namespace {

using base::Outcome;

// Counts the tunnel as long as it is in scope.
class Counted {
 public:
  explicit Counted(metrics::Recorder& recorder) noexcept : recorder_(recorder) { recorder_.tunnel_opened(true); }
  ~Counted() { recorder_.tunnel_ended(outcome, true); }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  Outcome outcome = Outcome::closed;

 private:
  metrics::Recorder& recorder_;  // borrowed
};

// What mod_proxy's tunnel lets us know of its end.
Outcome outcome_of(int status, bool close_seen, const conn_rec* client, const conn_rec* origin) noexcept {
  if (close_seen) return Outcome::closed;
  if (status == HTTP_GATEWAY_TIME_OUT) return Outcome::close_timeout;
  if (client->aborted != 0) return Outcome::client_reset;
  if (origin->aborted != 0 || status != OK) return Outcome::origin_reset;
  return Outcome::closed;
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
  tunnel::Observer from_client(metrics::Direction::client_to_origin);
  tunnel::Observer from_origin(metrics::Direction::origin_to_client);
  observe_input(c, from_client, recorder);
  observe_input(origin.connection(), from_origin, recorder);
  r->input_filters = r->proto_input_filters = c->input_filters;

  Counted counted(recorder);
  if (!early.empty()) {
    from_origin.see({reinterpret_cast<const std::uint8_t*>(early.data()), early.size()}, recorder);
    auto* brigade = apr_brigade_create(r->pool, c->bucket_alloc);
    apr_brigade_write(brigade, nullptr, nullptr, early.data(), early.size());
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_flush_create(c->bucket_alloc));
    ap_pass_brigade(c->output_filters, brigade);
  }
  const int status = ap_proxy_tunnel_run(tunnel);
  counted.outcome = outcome_of(status, from_client.close_seen() || from_origin.close_seen(), c, origin.connection());
  ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r, WSFLOGNO(0061) "tunnel %016" APR_UINT64_T_HEX_FMT " ended: %s", id,
                base::name(counted.outcome));
  return {};
}

}  // namespace wsflow::httpd
