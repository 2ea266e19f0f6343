#include "mod_wsflow/httpd/passing/arrival.hpp"

#include <atomic>
#include <new>

#include "mod_wsflow/httpd/passing/passed_connections.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/request/connection_state.hpp"
#include "mod_wsflow/os/descriptor_queue.hpp"
#include "mod_wsflow/os/tsan_handoff.hpp"
#include "mod_wsflow/shm/child_room.hpp"

namespace wsflow::httpd {

// In the connection's pool.
struct Arrival {
  PassedConnections& passing;    // borrowed; outlives every connection
  apr_pool_t* pool;              // of the connection
  std::atomic<bool> held{true};  // it is expected. Streams of HTTP/2 touch it, too

  void settle() noexcept {
    if (held.exchange(false)) passing.settle();
  }
};

namespace {

constexpr char kArrival[] = "wsflow-arrival";

apr_status_t settle(void* arrival) noexcept {
  static_cast<Arrival*>(arrival)->settle();
  return APR_SUCCESS;
}

apr_status_t end_arrival(void* arrival) noexcept {
  auto& self = *static_cast<Arrival*>(arrival);
  self.settle();
  os::leave(self.pool);  // httpd gives the pool to other threads
  return APR_SUCCESS;
}

// Pre: a connection is expected for it.
Arrival* make_arrival(apr_pool_t* pool, PassedConnections& passing) noexcept {
  os::take(pool);
  auto* arrival = ::new (apr_palloc(pool, sizeof(Arrival))) Arrival{.passing = passing, .pool = pool};
  apr_pool_cleanup_register(pool, arrival, end_arrival, apr_pool_cleanup_null);
  return arrival;
}

Arrival* arrival_of(apr_socket_t* socket) noexcept {
  void* found = nullptr;
  apr_socket_data_get(&found, kArrival, socket);
  return static_cast<Arrival*>(found);
}

bool pass_on(PassedConnections& passing, apr_socket_t* socket) noexcept {
  apr_os_sock_t fd = -1;
  return apr_os_sock_get(&fd, socket) == APR_SUCCESS && passing.pass_on(fd);
}

// The socket as accept() would have made it.
apr_socket_t* make_socket(int fd, os::StreamEnds& ends, apr_pool_t* pool) noexcept {
  apr_os_sock_info_t info{};
  info.os_sock = &fd;
  info.local = reinterpret_cast<sockaddr*>(&ends.local);
  info.remote = reinterpret_cast<sockaddr*>(&ends.remote);
  info.family = ends.local.ss_family;
  info.type = SOCK_STREAM;
  info.protocol = APR_PROTO_TCP;
  apr_socket_t* socket = nullptr;
  return apr_os_sock_make(&socket, &info, pool) == APR_SUCCESS ? socket : nullptr;
}

// What is known of the room that a new client connection needs; nullptr: there is enough, or none at all.
Arrival* expect(PassedConnections& passing, const Process& process, apr_pool_t* pool) noexcept {
  return shm::expect(process.slot) ? make_arrival(pool, passing) : nullptr;
}

}  // namespace

int arrive(conn_rec* c, void* socket) noexcept {
  os::take(c->pool);
  auto* process = child();
  // Of the connections that are no client's, none has a place in the scoreboard and a state of the MPM.
  if (process == nullptr || process->passing == nullptr || c->master != nullptr || c->cs == nullptr ||
      c->sbh == nullptr)
    return pre_connection(c, socket);
  auto& passing = *process->passing;
  auto* client = static_cast<apr_socket_t*>(socket);
  auto* arrival = arrival_of(client);
  if (arrival == nullptr && passing.nearly_full()) {
    arrival = expect(passing, *process, c->pool);
    // The MPM closes its descriptor without a word to the client.
    if (arrival == nullptr && pass_on(passing, client)) return HTTP_SERVICE_UNAVAILABLE;
  }
  const int result = pre_connection(c, socket);
  if (arrival != nullptr) state_of(c)->arrival = arrival;
  return result;
}

apr_status_t accept_passed_connection(void** socket, ap_listen_rec*, apr_pool_t* pool) noexcept {
  *socket = nullptr;
  auto& passing = *child()->passing;
  auto fd = passing.next();
  if (!fd) return APR_EAGAIN;
  auto ends = os::ends_of_stream(fd.get());
  auto* made = ends ? make_socket(fd.get(), *ends, pool) : nullptr;
  if (made == nullptr) {
    passing.settle();
    return APR_EAGAIN;
  }
  fd.release();  // the pool has it
  apr_socket_data_set(made, make_arrival(pool, passing), kArrival, nullptr);
  *socket = made;
  return APR_SUCCESS;
}

int settle_ordinary(request_rec* r) noexcept {
  const auto* c = r->connection->master != nullptr ? r->connection->master : r->connection;
  const auto* state = state_of(c);
  if (state == nullptr || state->arrival == nullptr) return DECLINED;
  if (apr_table_get(r->headers_in, "Upgrade") == nullptr) {
    state->arrival->settle();
  } else {
    apr_pool_cleanup_register(r->pool, state->arrival, settle, apr_pool_cleanup_null);
  }
  return DECLINED;
}

void settle_arrival(const conn_rec* c) noexcept {
  const auto* state = state_of(c->master != nullptr ? c->master : c);
  if (state != nullptr && state->arrival != nullptr) state->arrival->settle();
}

}  // namespace wsflow::httpd
