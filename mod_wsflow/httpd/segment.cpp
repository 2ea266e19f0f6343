#include "mod_wsflow/httpd/segment.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "mod_wsflow/httpd/config.hpp"
#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/history.hpp"
#include "mod_wsflow/httpd/parent.hpp"
#include "mod_wsflow/httpd/retained.hpp"
#include "mod_wsflow/httpd/tunnel_log_lines.hpp"
#include "mod_wsflow/shm/fold.hpp"
#include "mod_wsflow/shm/labels.hpp"
#include "mod_wsflow/shm/mapping.hpp"

namespace wsflow::httpd {

namespace {

constexpr const char* kRetainedKey = "wsflow-segment";

// Survives reloads, in which the module itself is unloaded. The mapping goes with the process: a cleanup of
// the process pool would call code of a module that is not there any more.
struct Retained {
  shm::Layout* layout;
};

// Room for the children of this configuration and the keepers of some generations before it. What is not used
// costs nothing.
void grow_for(shm::Layout& layout, const server_rec* server) noexcept {
  int children = 0;
  ap_mpm_query(AP_MPMQ_HARD_LIMIT_DAEMONS, &children);
  const auto slots = 64 + 8 * static_cast<std::size_t>(std::max(children, 1));
  const auto most = config_of(server).max_tunnels;
  shm::grow(layout, slots,
            most > 0 ? slots * static_cast<std::size_t>(most) : shm::kMaxPages * shm::kPageRows);
}

struct LabelsTold {
  bool full;
};

// Once in the life of httpd. Its parent asks.
void warn_of_lost_labels(server_rec* server, const shm::Layout& layout) noexcept {
  const auto lost = shm::labels_lost(layout);
  if (lost == 0 || std::exchange(retained<LabelsTold>("wsflow-labels").full, true)) return;
  ap_log_error(
      APLOG_MARK, APLOG_WARNING, 0, server,
      WSFLOGNO(0212) "all %d labels are taken: %" APR_UINT64_T_FMT
                     " tunnels or refusals so far are without server, route and origin in the status; stop "
                     "and start httpd to forget routes that are gone",
      static_cast<int>(shm::kLabels), lost);
}

apr_status_t open(server_rec* server) {
  auto*& layout = retained<Retained>(kRetainedKey).layout;
  if (layout != nullptr && !shm::compatible(*layout)) {
    ap_log_error(
        APLOG_MARK, APLOG_WARNING, 0, server,
        WSFLOGNO(0020) "the shared memory was made by another version of the module: counters start anew");
    layout = nullptr;
  }
  if (layout == nullptr) layout = shm::map_segment();
  if (layout == nullptr) {
    ap_log_error(APLOG_MARK, APLOG_CRIT, errno, server,
                 WSFLOGNO(0021) "cannot create %" APR_SIZE_T_FMT " bytes of shared memory",
                 shm::bytes(shm::kLeastCapacity));
    return APR_ENOMEM;
  }
  grow_for(*layout, server);
  int generation = 0;
  ap_mpm_query(AP_MPMQ_GENERATION, &generation);
  layout->generation.store(static_cast<std::uint32_t>(generation));
  // Processes that ended while the module was being reloaded were folded by nobody.
  sweep_and_log(server, *layout);
  return APR_SUCCESS;
}

}  // namespace

apr_status_t open_segment(server_rec* server) noexcept {
  return guard(server, apr_status_t{APR_EGENERAL}, [&] { return open(server); });
}

shm::Layout* segment() noexcept {
  const auto* found = static_cast<Retained*>(ap_retained_data_get(kRetainedKey));
  return found != nullptr ? found->layout : nullptr;
}

void child_status(server_rec* server, pid_t pid, ap_generation_t, int, mpm_child_status state) noexcept {
  auto* layout = segment();
  if (state == MPM_CHILD_STARTED) config_of(server).served = true;
  if (state != MPM_CHILD_EXITED || layout == nullptr) return;
  shm::LostTunnels lost;
  shm::reclaim(*layout, pid, &lost);
  log_lost_tunnels(server, lost);
  adopt_keepers(server);
}

int monitor(apr_pool_t*, server_rec* server) noexcept {
  guard_void(server, [&] {
    auto* layout = segment();
    if (layout == nullptr) return;
    sweep_and_log(server, *layout);
    keep_history(*layout);
    warn_of_lost_labels(server, *layout);
  });
  return DECLINED;
}

}  // namespace wsflow::httpd
