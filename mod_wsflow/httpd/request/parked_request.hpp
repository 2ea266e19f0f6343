#pragma once

#include <optional>

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/os/stand_in.hpp"
#include "mod_wsflow/tunnel/admission.hpp"

namespace wsflow::httpd {

struct Process;

// A request that waits without a worker. The MPM gets its connection as one that waits for input
// (CONN_STATE_ASYNC_WAITIO), with a bell, a descriptor of ours, in the place of its socket. When the bell can
// be read, the MPM gives the connection to a worker as it does with any other: the request goes on there, and
// the connection with its keep-alive. docs/internals/waiting.md has the whole way.
//
// In the pool of its request. The thread that has the connection calls all functions.
class ParkedRequest {
 public:
  explicit ParkedRequest(request_rec* request) noexcept : r(request), handler_(request->handler) {}
  ParkedRequest(const ParkedRequest&) = delete;
  ParkedRequest& operator=(const ParkedRequest&) = delete;

  // The handler of the request must return SUSPENDED behind it. False if no descriptor is left.
  bool park(Process& process) noexcept;
  // Gives the connection of the parked request to the MPM; false: the request has gone on instead.
  bool give_to_mpm();
  // Puts the socket back, if the MPM has the bell in its place. Nobody waits any more.
  void unpark() noexcept;
  // The MPM ends the connection of the parked request: gives back what the request has.
  void close() noexcept;
  // Goes on with the request, behind a wait or, with `waited` false, because there can be none.
  void go_on(bool waited);

  request_rec* const r;  // borrowed

 protected:
  ~ParkedRequest() = default;

  // The descriptor that can be read when the wait is over; level-triggered.
  virtual int bell() const noexcept = 0;
  // The wait begins: the MPM is about to get the connection.
  virtual void begin() = 0;
  // The wait is over, or given up.
  virtual void end() noexcept = 0;
  // The request goes on. DECLINED: its handlers may have it; SUSPENDED: it is parked again; else its status.
  virtual int resume(bool waited) = 0;

  // The request will not go on: its connection ends.
  virtual void abandon() noexcept = 0;
  // For the destructor: nobody waits any more. The MPM may have closed the connection, so its number is left
  // alone.
  void forget() noexcept;

  // A second descriptor of the client's socket, to watch the client; -1: not parked yet.
  int client() const noexcept { return stand_in_ ? stand_in_->socket() : -1; }
  // Gives back what waiting needs. Pre: not parked.
  void release() noexcept;

 private:
  const char* const handler_;            // chosen for the request
  tunnel::Admission::Seat seat_;         // empty until park()
  std::optional<os::StandIn> stand_in_;  // none until park()
};

// True if `r` can be parked: the MPM can wait for a connection, the connection is the MPM's own, and every
// caller of our handler understands SUSPENDED.
bool can_park(const Process& process, request_rec* r) noexcept;

// Hook ahead of all others: goes on with a request that has waited. Else runs the others, and gives the
// connection of a request that they have suspended to the MPM.
int process_connection(conn_rec* c) noexcept;
// Hook: the connection ends, perhaps with a parked request. Puts its socket back.
int pre_close_connection(conn_rec* c) noexcept;

}  // namespace wsflow::httpd
