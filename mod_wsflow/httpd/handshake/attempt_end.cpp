#include "mod_wsflow/httpd/handshake/attempt_end.hpp"

#include <atomic>
#include <string_view>

#include "mod_wsflow/httpd/request/request_state.hpp"

namespace wsflow::httpd {

namespace {

// mod_proxy writes these fields without atomics.
void mark_in_error(const proxy_worker& worker) noexcept {
  const std::atomic_ref status(worker.s->status);
  if ((status.load(std::memory_order_relaxed) & PROXY_WORKER_IGNORE_ERRORS) != 0) return;
  status.fetch_or(PROXY_WORKER_IN_ERROR, std::memory_order_relaxed);
  std::atomic_ref(worker.s->error_time).store(apr_time_now(), std::memory_order_relaxed);
}

// The status tells whether the origin is to blame, unless somebody has noted that it is not.
bool origin_failed(const request_rec* r, int status) noexcept {
  return (status == HTTP_SERVICE_UNAVAILABLE || status == HTTP_INTERNAL_SERVER_ERROR) &&
         apr_table_get(r->notes, "proxy-error-override") == nullptr;
}

bool may_try_another(request_rec* r, const proxy_worker& worker, const proxy_balancer& balancer) noexcept {
  const auto most = balancer.s->max_attempts_set != 0 ? balancer.s->max_attempts : 0;
  return !PROXY_WORKER_IS_USABLE(&worker) && most > state_of(r).attempts - 1;
}

// Runs `hook` with the status of the request in r->status, where mod_proxy's hooks look for it.
void run_post_request(request_rec* r, proxy_worker* worker, proxy_balancer* balancer, proxy_server_conf* conf,
                      int status) noexcept {
  if (status == OK || status == DONE) {
    ap_proxy_post_request(worker, balancer, r, conf);
    return;
  }
  const int saved = r->status;
  r->status = status;
  ap_proxy_post_request(worker, balancer, r, conf);
  if (r->status == status) r->status = saved;
}

}  // namespace

int note_balancer_url(proxy_worker**, proxy_balancer** balancer, request_rec* r, proxy_server_conf*,
                      char** url) noexcept {
  if (*balancer == nullptr && std::string_view(*url).starts_with("balancer://") &&
      apr_table_get(r->headers_in, "Upgrade") != nullptr)
    state_of(r).balancer_url = *url;
  return DECLINED;
}

int go_on_as_mod_proxy(request_rec* r, proxy_worker* worker, proxy_server_conf* conf, int status) {
  // As mod_proxy_balancer looks for it: that of the member may be the one of another server.
  char* const balancer_url = state_of(r).balancer_url;
  auto* balancer = balancer_url != nullptr ? ap_proxy_get_balancer(r->pool, conf, balancer_url, 1) : nullptr;
  while (balancer != nullptr && origin_failed(r, status)) {
    mark_in_error(*worker);
    if (status != HTTP_SERVICE_UNAVAILABLE || !may_try_another(r, *worker, *balancer)) break;
    char* url = balancer_url;
    status = ap_proxy_pre_request(&worker, &balancer, r, conf, &url);
    if (status != OK) {
      // No member is left; the hooks are told of that, too.
      if (worker == nullptr) balancer = nullptr;
      break;
    }
    if (balancer != nullptr) ap_proxy_initialize_worker(worker, r->server, conf->pool);
    status = proxy_run_scheme_handler(r, worker, conf, url, nullptr, 0);
    if (status == SUSPENDED) return SUSPENDED;
    if (status == DECLINED) status = HTTP_INTERNAL_SERVER_ERROR;
  }
  run_post_request(r, worker, balancer, conf, status);
  proxy_run_request_status(&status, r);
  return status;
}

}  // namespace wsflow::httpd
