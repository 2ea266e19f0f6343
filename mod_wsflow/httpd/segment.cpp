#include "mod_wsflow/httpd/segment.hpp"

#include <signal.h>

#include <cerrno>
#include <memory>

#include "mod_wsflow/httpd/guard.hpp"

namespace wsflow::httpd {

namespace {

constexpr const char* kRetainedKey = "wsflow-segment";

// Survives reloads, in which the module itself is unloaded.
struct Retained {
  shm::Layout* layout;  // owned by the process pool
};

// Children that ended while the module was being reloaded were folded by nobody.
void fold_the_dead(shm::Layout& layout) {
  for (const auto& process : shm::snapshot(layout).processes) {
    if (::kill(static_cast<pid_t>(process.pid), 0) != 0 && errno == ESRCH) shm::fold(layout, process.pid);
  }
}

apr_status_t open(server_rec* server) {
  auto* retained = static_cast<Retained*>(ap_retained_data_get(kRetainedKey));
  if (retained == nullptr) {
    retained = static_cast<Retained*>(ap_retained_data_create(kRetainedKey, sizeof(Retained)));
  }
  if (retained->layout != nullptr && !shm::compatible(*retained->layout)) {
    ap_log_error(
        APLOG_MARK, APLOG_WARNING, 0, server,
        WSFLOGNO(0020) "the shared memory was made by another version of the module: counters start anew");
    retained->layout = nullptr;
  }
  if (retained->layout != nullptr) {
    fold_the_dead(*retained->layout);
    return APR_SUCCESS;
  }
  apr_shm_t* memory = nullptr;
  // APR keeps a few bytes of its own at the front, so what it gives is not aligned.
  std::size_t size = sizeof(shm::Layout) + alignof(shm::Layout);
  const auto status = apr_shm_create(&memory, size, nullptr, server->process->pool);
  if (status != APR_SUCCESS) {
    ap_log_error(APLOG_MARK, APLOG_CRIT, status, server,
                 WSFLOGNO(0021) "cannot create %" APR_SIZE_T_FMT " bytes of shared memory", size);
    return status;
  }
  void* start = apr_shm_baseaddr_get(memory);
  retained->layout = shm::initialise(std::align(alignof(shm::Layout), sizeof(shm::Layout), start, size));
  return APR_SUCCESS;
}

}  // namespace

apr_status_t open_segment(server_rec* server) noexcept {
  return guard(server, apr_status_t{APR_EGENERAL}, [&] { return open(server); });
}

shm::Layout* segment() noexcept {
  const auto* retained = static_cast<Retained*>(ap_retained_data_get(kRetainedKey));
  return retained != nullptr ? retained->layout : nullptr;
}

void child_status(server_rec*, pid_t pid, ap_generation_t, int, mpm_child_status state) noexcept {
  auto* layout = segment();
  if (state == MPM_CHILD_EXITED && layout != nullptr) shm::fold(*layout, static_cast<std::uint32_t>(pid));
}

}  // namespace wsflow::httpd
