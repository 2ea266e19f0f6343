#include <algorithm>
#include <string>

#include "mod_wsflow/httpd/child.hpp"
#include "mod_wsflow/httpd/connection_filters.hpp"
#include "mod_wsflow/httpd/handover.hpp"
#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/switching.hpp"
#include "mod_wsflow/httpd/tunnel_log_story.hpp"
#include "mod_wsflow/httpd/tunnel_row.hpp"
#include "mod_wsflow/httpd/worker_row.hpp"
#include "mod_wsflow/os/socket.hpp"

namespace wsflow::httpd {

namespace {

using base::Outcome;

// Counts the tunnel as long as it is in scope.
class Counted {
 public:
  explicit Counted(metrics::Recorder& recorder) noexcept : recorder_(recorder) {
    recorder_.tunnel_opened(true);
  }
  ~Counted() { recorder_.tunnel_ended(outcome, true, lived()); }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  Outcome outcome = Outcome::closed;

 private:
  std::uint64_t lived() const noexcept {
    return static_cast<std::uint64_t>((base::now() - started_).count());
  }

  metrics::Recorder& recorder_;  // borrowed
  const base::Instant started_ = base::now();
};

// A peer that has vanished must not hold the worker until silence ends the tunnel.
void bound_peer(apr_socket_t* socket, const Settings& settings) noexcept {
  apr_os_sock_t fd = -1;
  if (apr_os_sock_get(&fd, socket) == APR_SUCCESS)
    os::set_peer_timeout(fd, static_cast<std::uint32_t>(settings.stall / 1000));
}

apr_time_t wall_time(base::Instant at) noexcept {
  if (at == base::Instant::max()) return Watch::kNever;
  return apr_time_now() + (at - base::now()).count() * 1000;
}

// One tunnel, with what its two watches see.
struct Run {
  proxy_tunnel_rec& tunnel;  // borrowed from the request's pool
  const Settings& settings;
  const Watch& client;
  const Watch& origin;
  WorkerRow& row;

  bool ending() const noexcept {
    return client.ended || origin.ended || (client.observer.close_seen() && origin.observer.close_seen());
  }
  // When it must end if nothing more comes.
  apr_time_t end() const noexcept {
    const auto silence = ending() ? settings.close : settings.idle;
    if (silence == 0) return client.until;
    return std::min(client.until, std::max(client.heard, origin.heard) + silence);
  }
  // mod_proxy's tunnel knows but one time-out, of silence: it is run piece by piece. What it reads lets us
  // look after the row, too.
  int run() const noexcept {
    for (;;) {
      tunnel.timeout = std::clamp<apr_interval_time_t>(end() - apr_time_now(), 1000,
                                                       std::min(settings.close, WorkerRow::kRound));
      const int status = ap_proxy_tunnel_run(&tunnel);
      const auto now = apr_time_now();
      if (row.look(now) || status != HTTP_GATEWAY_TIME_OUT || now >= end()) return status;
    }
  }
};

// What mod_proxy's tunnel and the two watches let us know of its end.
Outcome outcome_of(int status, const Run& run, const conn_rec* c) noexcept {
  const auto& client = run.client;
  const auto& origin = run.origin;
  if (client.observer.close_seen() || origin.observer.close_seen()) return Outcome::closed;
  if (run.row.ordered() != 0) return Outcome::ordered;
  if (apr_time_now() >= client.until) return Outcome::lifetime;
  if (status == HTTP_GATEWAY_TIME_OUT) return run.ending() ? Outcome::close_timeout : Outcome::idle_timeout;
  if (c->aborted != 0) return Outcome::client_reset;
  if (origin.ended) return Outcome::origin_eof;
  return client.ended ? Outcome::client_eof : Outcome::origin_reset;
}

}  // namespace

Failure run_on_worker(request_rec* r, Origin& origin, const TunnelTerms& terms) {
  auto* c = r->connection;
  auto* process = child();
  if (process == nullptr) return {.status = HTTP_SERVICE_UNAVAILABLE, .reason = base::Refusal::internal};
  auto& recorder = process->recorder;
  const std::string early(origin.behind_head());
  if (!send_switching(r, origin.head())) return {.status = DONE, .reason = base::Refusal::client_gone};

  if (c->master == nullptr) bound_peer(ap_get_conn_socket(c), terms.settings);
  bound_peer(origin.backend()->sock, terms.settings);
  proxy_tunnel_rec* tunnel = nullptr;
  const auto made = ap_proxy_tunnel_create(&tunnel, r, origin.connection(), "websocket");
  if (made != APR_SUCCESS) {
    ap_log_rerror(APLOG_MARK, APLOG_ERR, made, r, WSFLOGNO(0060) "cannot make a tunnel on this worker");
    c->aborted = 1;  // the client has its 101 already
    return {.status = DONE, .reason = base::Refusal::internal};
  }
  const auto until = wall_time(terms.lives_until);
  Watch from_client{.observer = tunnel::Observer(metrics::Direction::client_to_origin),
                    .recorder = recorder,
                    .until = until};
  Watch from_origin{.observer = tunnel::Observer(metrics::Direction::origin_to_client),
                    .recorder = recorder,
                    .until = until};
  // mod_http2 has no half-close towards its client: only the end of the request ends the stream.
  from_origin.fail_at_end = c->master != nullptr;
  watch_input(c, from_client);
  watch_input(origin.connection(), from_origin);
  r->input_filters = r->proto_input_filters = c->input_filters;

  Counted counted(recorder);
  WorkerRow row(open_row(r, origin, terms.id, true), from_client, from_origin);
  from_client.row = from_origin.row = &row;
  WorkerStory story(begin_story(r, origin), terms.id, from_client.observer, from_origin.observer);
  if (!early.empty()) {
    from_origin.observer.see({reinterpret_cast<const std::uint8_t*>(early.data()), early.size()}, recorder);
    auto* brigade = apr_brigade_create(r->pool, c->bucket_alloc);
    apr_brigade_write(brigade, nullptr, nullptr, early.data(), early.size());
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_flush_create(c->bucket_alloc));
    ap_pass_brigade(c->output_filters, brigade);
  }
  const Run run{.tunnel = *tunnel,
                .settings = terms.settings,
                .client = from_client,
                .origin = from_origin,
                .row = row};
  const int status = run.run();
  if (row.ordered() != 0) {
    send_close(c, false, row.ordered(), from_origin.observer);
    send_close(origin.connection(), true, row.ordered(), from_client.observer);
  }
  end_watch(c);
  end_watch(origin.connection());
  r->input_filters = r->proto_input_filters = c->input_filters;
  counted.outcome = outcome_of(status, run, c);
  story.end(counted.outcome);
  ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r, WSFLOGNO(0061) "tunnel %016" APR_UINT64_T_HEX_FMT " ended: %s",
                terms.id, base::name(counted.outcome));
  return {};
}

}  // namespace wsflow::httpd
