#include "mod_wsflow/httpd/process/handshake_room.hpp"

#include <algorithm>

#include "mod_wsflow/capacity/arithmetic.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/lines/async_factor.hpp"
#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/mpm_query.hpp"
#include "mod_wsflow/httpd/process/tunnel_room.hpp"
#include "mod_wsflow/os/socket.hpp"

namespace wsflow::httpd {

std::uint32_t async_connections() noexcept {
  const int threads = mpm_query(AP_MPMQ_MAX_THREADS);
  if (!mpm_waits_for_requests() || threads <= 0) return 0;
  return static_cast<std::uint32_t>(std::clamp(threads * async_factor(), 1.0, 1e9));
}

std::uint32_t most_handshakes(const server_rec* main, std::size_t spare_descriptors) noexcept {
  const auto& config = config_of(main);
  // The MPM's other connections need theirs: a child without descriptors ends. They get half at most.
  const auto threads = static_cast<std::size_t>(std::max(mpm_query(AP_MPMQ_MAX_THREADS), 1));
  const auto others = std::min(config.async_connections + threads, spare_descriptors / 2);
  const auto by_descriptors =
      static_cast<std::uint32_t>((spare_descriptors - others) / capacity::kDescriptorsOfHandshake);
  const auto wanted = config.settings.max_handshakes
                          ? static_cast<std::uint32_t>(*config.settings.max_handshakes)
                          : config.async_connections;
  return std::max(std::min(wanted, by_descriptors), 1U);
}

void note_async_connections(server_rec* main) noexcept {
  config_of(main).async_connections = async_connections();
}

void tell_handshake_room(server_rec* main) noexcept {
  const auto& config = config_of(main);
  const auto room = config.async_connections;
  if (room == 0) return;
  const auto threads = static_cast<std::uint32_t>(std::max(mpm_query(AP_MPMQ_MAX_THREADS), 1));
  const auto wanted = static_cast<std::uint32_t>(config.settings.max_handshakes.value_or(0));
  if (wanted > room) {
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, main, WSFLOGNO(0361)
                 "WSFlowMaxHandshakes %u, but a child with more than %u handshakes that wait for their origins stops "
                 "accepting connections: write \"AsyncRequestWorkerFactor %u\"",
                 wanted, room, static_cast<unsigned>(capacity::async_factor_for(wanted, threads)));
    return;
  }
  if (!is_first_start()) return;
  const auto most = most_handshakes(main, tunnel_room(main, os::most_descriptors()).spare);
  const char* bound = most == wanted ? "WSFlowMaxHandshakes"
                      : most == room ? "AsyncRequestWorkerFactor for each worker thread"
                                     : "six descriptors each";
  // With httpd's own default of 2 a burst is refused that would be served in a moment.
  if (most == room && most != wanted && room < capacity::kGoodAsyncFactor / 4 * threads)
    bound = "AsyncRequestWorkerFactor for each worker thread; write \"AsyncRequestWorkerFactor 64\"";
  ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, main,
               WSFLOGNO(0362) "in each child %u handshakes may wait for their origins without a worker: %s",
               most, bound);
}

}  // namespace wsflow::httpd
