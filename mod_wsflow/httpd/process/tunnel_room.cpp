#include "mod_wsflow/httpd/process/tunnel_room.hpp"

#include <algorithm>

#include "mod_wsflow/capacity/arithmetic.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/mpm_query.hpp"
#include "mod_wsflow/os/socket.hpp"
#include "mod_wsflow/shm/child_room.hpp"
#include "mod_wsflow/tunnel/pipe_pool.hpp"

namespace wsflow::httpd {

namespace {

static_assert(capacity::kDescriptorsOfLoop == tunnel::PipePool::kDescriptors);
static_assert(capacity::kDescriptorsOfHandshake == shm::kDescriptorsOfHandshake);

std::uint64_t worker_threads() noexcept {
  return static_cast<std::uint64_t>(std::max(mpm_query(AP_MPMQ_MAX_THREADS), 1));
}

std::size_t reserved(const server_rec* server) noexcept {
  const auto loops = static_cast<std::size_t>(config_of(server).settings.threads.value_or(1));
  return capacity::reserved_descriptors(worker_threads(), loops);
}

}  // namespace

const char* TunnelRoom::bound(apr_pool_t* pool) const noexcept {
  if (tunnels < possible) return "WSFlowMaxTunnels";
  return apr_psprintf(pool,
                      "two descriptors each, of %" APR_SIZE_T_FMT " (ulimit -Hn) less %" APR_SIZE_T_FMT
                      " for the rest of httpd",
                      descriptors, descriptors - std::min(spare, descriptors));
}

TunnelRoom tunnel_room(const server_rec* server, std::size_t descriptors) noexcept {
  TunnelRoom room{.descriptors = descriptors};
  room.spare = capacity::spare_descriptors(descriptors, reserved(server));
  // Each worker may have a handshake that has its place already, and is about to wait for its origin.
  const auto waits = (capacity::kDescriptorsOfHandshake - capacity::kDescriptorsOfTunnel) * worker_threads();
  room.claimed_most = room.spare - std::min<std::size_t>(room.spare, waits);
  room.possible = room.tunnels = static_cast<std::uint32_t>(room.spare / capacity::kDescriptorsOfTunnel);
  if (const auto most = config_of(server).settings.max_tunnels)
    room.tunnels = std::min(room.possible, static_cast<std::uint32_t>(*most));
  return room;
}

void tell_tunnel_room(server_rec* server) noexcept {
  if (!mpm_has_threads()) return;
  const auto room = tunnel_room(server, os::most_descriptors());
  const int wanted = config_of(server).settings.max_tunnels.value_or(0);
  if (wanted > 0 && static_cast<std::uint32_t>(wanted) > room.possible) {
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                 WSFLOGNO(0243) "WSFlowMaxTunnels %d, but a child has descriptors for %u tunnels: start httpd with "
                 "\"ulimit -n %" APR_SIZE_T_FMT "\" (Debian: APACHE_ULIMIT_MAX_FILES in envvars), it is %"
                 APR_SIZE_T_FMT " now", wanted, room.possible,
                 static_cast<std::size_t>(capacity::descriptors_for(static_cast<std::uint64_t>(wanted), reserved(server))),
                 room.descriptors);
  } else if (is_first_start()) {
    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, server, WSFLOGNO(0242) "each child takes %u tunnels: %s",
                 room.tunnels, room.bound(server->process->pconf));
  }
}

}  // namespace wsflow::httpd
