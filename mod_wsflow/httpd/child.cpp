#include "mod_wsflow/httpd/child.hpp"

#include <unistd.h>

#include <algorithm>
#include <memory>

#include "mod_wsflow/httpd/config.hpp"
#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/segment.hpp"
#include "mod_wsflow/os/socket.hpp"

namespace wsflow::httpd {

namespace {

Child* g_child = nullptr;  // owned by the process; set by the child's main thread before the workers start

// A tunnel needs two descriptors; the rest is for httpd: logs, listeners, and what each worker thread may
// have open.
std::uint32_t max_tunnels(const ServerConfig& config) noexcept {
  int threads = 0;
  ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
  const std::size_t reserve = 256 + 4 * static_cast<std::size_t>(std::max(threads, 1));
  const std::size_t limit = os::raise_descriptor_limit();
  const auto possible = static_cast<std::uint32_t>(limit > reserve + 2 ? (limit - reserve) / 2 : 1);
  return config.max_tunnels != 0 ? std::min(possible, static_cast<std::uint32_t>(config.max_tunnels))
                                 : possible;
}

bool threaded() noexcept {
  int kind = AP_MPMQ_NOT_SUPPORTED;
  ap_mpm_query(AP_MPMQ_IS_THREADED, &kind);
  return kind != AP_MPMQ_NOT_SUPPORTED;
}

// The process ends. The object stays: pools of connections may die later (they belong to pconf) and look for
// it.
apr_status_t end_child(void*) noexcept {
  g_child->ending = true;
  if (g_child->engine) g_child->engine->stop();
  return APR_SUCCESS;
}

void start(apr_pool_t* pool, server_rec* server) {
  auto* layout = segment();
  if (layout == nullptr) return;
  int generation = 0;
  ap_mpm_query(AP_MPMQ_GENERATION, &generation);
  auto* slot = shm::claim(*layout, static_cast<std::uint32_t>(getpid()),
                          static_cast<std::uint32_t>(generation), apr_time_sec(apr_time_now()));
  if (slot == nullptr) {
    ap_log_error(APLOG_MARK, APLOG_ERR, 0, server,
                 WSFLOGNO(0010) "all %d process slots are taken: what this child does is not in the status",
                 static_cast<int>(shm::kSlots));
    slot = std::make_unique<shm::ProcessSlot>().release();  // lives as long as the process
  }
  auto fresh = std::make_unique<Child>(server, *layout, *slot);
  const auto& config = config_of(server);
  const auto limit = max_tunnels(config);
  slot->max_tunnels.store(limit, std::memory_order_relaxed);
  if (threaded()) {
    const auto loops = static_cast<unsigned>(std::max(config.threads, 1));
    fresh->engine.emplace(loops, limit, fresh->recorder, fresh->log);
    if (!fresh->engine->start()) {
      ap_log_error(
          APLOG_MARK, APLOG_CRIT, errno, server,
          WSFLOGNO(0011) "the event loops cannot start: tunnels of this child hold a worker thread each");
      fresh->engine.reset();
    }
  }
  g_child = fresh.release();
  apr_pool_pre_cleanup_register(pool, nullptr, end_child);
}

}  // namespace

Child* child() noexcept {
  return g_child;
}

void child_init(apr_pool_t* pool, server_rec* server) noexcept {
  guard_void(server, [&] { start(pool, server); });
}

}  // namespace wsflow::httpd
