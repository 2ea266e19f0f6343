#include "mod_wsflow/httpd/passing/passed_listener.hpp"

#include <cerrno>
#include <string_view>
#include <utility>

#include "mod_wsflow/base/unique_fd.hpp"
#include "mod_wsflow/httpd/lines/config_tree.hpp"
#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/mpm_query.hpp"
#include "mod_wsflow/httpd/retained.hpp"
#include "mod_wsflow/os/descriptor_queue.hpp"
#include "mod_wsflow/os/socket.hpp"

namespace wsflow::httpd {

namespace {

struct Retained {
  bool open;                // the queue exists
  bool buckets;             // the MPM has several buckets of listeners: it keeps them over a graceful reload
  int queue[2];             // open as long as children may pass connections on
  ap_listen_rec* listener;  // what the MPM has counted, in pconf; nullptr: nothing
};

Retained& found() noexcept {
  return retained<Retained>("wsflow-passing");
}

bool has_buckets(const server_rec* server) noexcept {
  if (found().buckets && ap_unixd_mpm_get_retained_data()->was_graceful != 0) return true;
  const auto* line = last_line(lines_of(server), "ListenCoresBucketsRatio");
  return line != nullptr && std::string_view(line->args) != "0";
}

// Other MPMs have no listener that could take a connection beside accept(): worker lets one child at a time
// poll.
bool can_pass(const server_rec* server) noexcept {
  return std::string_view(ap_show_mpm()) == "event" && mpm_query(AP_MPMQ_MAX_DAEMONS) > 1 &&
         !ap_exists_config_define("ONE_PROCESS") && !ap_exists_config_define("DEBUG") && !has_buckets(server);
}

// True if the queue exists, and is there from now on.
bool open_queue(server_rec* server) noexcept {
  auto& kept = found();
  if (kept.open) return true;
  kept.open = os::make_descriptor_queue(kept.queue);
  if (!kept.open) {
    ap_log_error(APLOG_MARK, APLOG_WARNING, errno, server,
                 WSFLOGNO(0330) "no descriptors for a queue between children: a full one refuses handshakes");
  }
  return kept.open;
}

// Children that end put what they have into the queue. Where no new ones take it out, what is in there must
// end with the last of those: nobody would answer it.
void close_queue() noexcept {
  auto& kept = found();
  if (!std::exchange(kept.open, false)) return;
  for (const int fd : kept.queue) const base::UniqueFd closed(fd);
}

// A listener of this descriptor. No address of a virtual host is equal to its own, and no accept filter has
// its protocol.
ap_listen_rec* make_listener(apr_pool_t* pool, int fd) noexcept {
  auto* listener = static_cast<ap_listen_rec*>(apr_pcalloc(pool, sizeof(ap_listen_rec)));
  if (apr_sockaddr_info_get(&listener->bind_addr, "127.255.255.254", APR_INET, 0, 0, pool) != APR_SUCCESS ||
      apr_os_sock_put(&listener->sd, &fd, pool) != APR_SUCCESS)
    return nullptr;
  listener->active = 1;
  listener->protocol = "wsflow";
  return listener;
}

void append(ap_listen_rec* listener) noexcept {
  auto** end = &ap_listeners;
  while (*end != nullptr) end = &(*end)->next;
  *end = listener;
}

}  // namespace

int count_passed_listener(apr_pool_t* pconf, apr_pool_t*, apr_pool_t*, server_rec* server) noexcept {
  auto& kept = found();
  kept.listener = nullptr;
  if (ap_listeners == nullptr || !can_pass(server)) {
    close_queue();
    return OK;
  }
  if (!open_queue(server)) return OK;
  kept.listener = make_listener(pconf, kept.queue[0]);  // the end that never becomes readable
  if (kept.listener != nullptr) append(kept.listener);
  return OK;
}

int uncount_passed_listener(apr_pool_t*, apr_pool_t*, apr_pool_t*, server_rec*) noexcept {
  auto& kept = found();
  kept.buckets = ap_num_listen_buckets > 1;
  for (auto** at = &ap_listeners; *at != nullptr; at = &(*at)->next) {
    if (*at != kept.listener) continue;
    *at = kept.listener->next;
    kept.listener->next = nullptr;
    break;
  }
  return OK;
}

PassingQueue passing_queue() noexcept {
  const auto& kept = found();
  return kept.listener != nullptr ? PassingQueue{.send = kept.queue[0], .receive = kept.queue[1]}
                                  : PassingQueue{};
}

bool add_passed_listener() noexcept {
  auto* listener = found().listener;
  if (listener != nullptr) append(listener);
  return listener != nullptr;
}

ap_listen_rec* open_passed_listener(server_rec* server, int fd) noexcept {
  auto* listener = found().listener;
  int own = os::duplicate(fd).release();
  if (own < 0 || apr_os_sock_put(&listener->sd, &own, server->process->pconf) != APR_SUCCESS) return nullptr;
  return listener;
}

}  // namespace wsflow::httpd
