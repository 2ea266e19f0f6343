#include "mod_wsflow/httpd/status/origin_states.hpp"

#include <algorithm>
#include <atomic>
#include <span>
#include <string_view>
#include <utility>

namespace wsflow::httpd {

namespace {

using status::OriginState;

struct Sign {
  unsigned status;  // bits of mod_proxy's
  OriginState state;
};
// The first that applies counts.
constexpr Sign kSigns[] = {
    {PROXY_WORKER_IN_ERROR, OriginState::error},
    {PROXY_WORKER_HC_FAIL, OriginState::failed_check},
    {PROXY_WORKER_STOPPED | PROXY_WORKER_IN_SHUTDOWN, OriginState::stopped},
    {PROXY_WORKER_DISABLED, OriginState::disabled},
    {PROXY_WORKER_DRAIN, OriginState::drained},
    {PROXY_WORKER_HOT_STANDBY | PROXY_WORKER_HOT_SPARE, OriginState::standby},
};

OriginState origin_state(proxy_worker_shared& worker) noexcept {
  const auto status = std::atomic_ref(worker.status).load(std::memory_order_relaxed);
  const auto* sign = std::find_if(std::begin(kSigns), std::end(kSigns),
                                  [&](const Sign& each) { return (status & each.status) != 0; });
  return sign != std::end(kSigns) ? sign->state : OriginState::up;
}

class Found {
 public:
  void add(proxy_worker& worker) {
    if (worker.s == nullptr || (worker.s->status & PROXY_WORKER_GENERIC) != 0) return;
    const char* balancer = worker.balancer != nullptr ? worker.balancer->s->name : "";
    const char* name = ap_proxy_worker_name(nullptr, &worker);
    if (*name == '\0' || std::string_view(name).starts_with("proxy:")) return;
    const auto state = origin_state(*worker.s);
    const auto same = std::ranges::find_if(views_, [&](const status::OriginView& view) {
      return view.balancer == balancer && view.worker == name;
    });
    if (same != views_.end()) {
      // Virtual hosts inherit workers, and may have one of the same name. The worst of them counts.
      if (state > same->state) same->state = state;
      return;
    }
    views_.push_back({.balancer = balancer,
                      .worker = name,
                      .state = state,
                      .busy = std::atomic_ref(worker.s->busy).load(std::memory_order_relaxed)});
  }
  std::vector<status::OriginView> take() && { return std::move(views_); }

 private:
  std::vector<status::OriginView> views_;
};

}  // namespace

std::vector<status::OriginView> origin_states(server_rec* server) {
  Found found;
  for (; server != nullptr; server = server->next) {
    const auto* conf =
        static_cast<proxy_server_conf*>(ap_get_module_config(server->module_config, &proxy_module));
    const auto workers = std::span(reinterpret_cast<proxy_worker*>(conf->workers->elts),
                                   static_cast<std::size_t>(conf->workers->nelts));
    for (auto& worker : workers) found.add(worker);
    const auto balancers = std::span(reinterpret_cast<proxy_balancer*>(conf->balancers->elts),
                                     static_cast<std::size_t>(conf->balancers->nelts));
    for (const auto& balancer : balancers) {
      auto** members = reinterpret_cast<proxy_worker**>(balancer.workers->elts);
      for (auto* worker : std::span(members, static_cast<std::size_t>(balancer.workers->nelts)))
        found.add(*worker);
    }
  }
  return std::move(found).take();
}

}  // namespace wsflow::httpd
