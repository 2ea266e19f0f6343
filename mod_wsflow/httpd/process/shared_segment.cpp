#include "mod_wsflow/httpd/process/shared_segment.hpp"

#include <algorithm>
#include <cerrno>

#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/mpm_query.hpp"
#include "mod_wsflow/httpd/retained.hpp"
#include "mod_wsflow/metrics/segment_fingerprint.hpp"
#include "mod_wsflow/shm/mapping.hpp"

namespace wsflow::httpd {

namespace {

constexpr const char* kRetainedKey = "wsflow-segment";

// Survives reloads, which unload the module. The mapping ends with the process: a cleanup of the process pool
// would call code of the unloaded module.
struct Retained {
  shm::Layout* layout;
};
// Apart from Retained: a module of an older version has kept no capacity, which reads as zeros.
struct Made {
  shm::Capacity capacity;
};

shm::Capacity made() noexcept {
  return retained<Made>("wsflow-segment-capacity").capacity;
}

// Room for children of this and of the next configuration, and for keepers of many before. Unused slots cost
// nothing. ServerLimit is fixed until httpd stops.
shm::Capacity wanted() noexcept {
  const auto children = static_cast<std::size_t>(std::max(mpm_query(AP_MPMQ_HARD_LIMIT_DAEMONS), 1));
  return {.slots = std::max(shm::kUsualCapacity.slots, 4 * children), .pages = shm::kUsualCapacity.pages};
}

apr_status_t open(server_rec* server) {
  auto*& layout = retained<Retained>(kRetainedKey).layout;
  if (layout != nullptr && (made().slots == 0 || !shm::compatible(*layout, metrics::segment_fingerprint()))) {
    ap_log_error(
        APLOG_MARK, APLOG_WARNING, 0, server,
        WSFLOGNO(0020) "the shared memory was made by another version of the module: counters start anew");
    layout = nullptr;
  }
  if (layout == nullptr) {
    auto capacity = wanted();
    layout = shm::map_segment(capacity, metrics::segment_fingerprint());
    retained<Made>("wsflow-segment-capacity").capacity = capacity;
  }
  if (layout == nullptr) {
    ap_log_error(APLOG_MARK, APLOG_CRIT, errno, server,
                 WSFLOGNO(0021) "cannot create %" APR_SIZE_T_FMT " bytes of shared memory",
                 shm::bytes(shm::kLeastCapacity));
    return APR_ENOMEM;
  }
  layout->generation.store(static_cast<std::uint32_t>(mpm_query(AP_MPMQ_GENERATION)));
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

std::span<const shm::ProcessSlot> used_slots() noexcept {
  const auto* layout = segment();
  if (layout == nullptr) return {};
  return shm::used_slots(*layout, made().slots);
}

}  // namespace wsflow::httpd
