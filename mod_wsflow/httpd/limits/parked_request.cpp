#include "mod_wsflow/httpd/limits/parked_request.hpp"

#include <cerrno>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/limits/gate.hpp"
#include "mod_wsflow/httpd/newer.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/request/connection_state.hpp"
#include "mod_wsflow/os/stand_in.hpp"

namespace wsflow::httpd {

// In the request's pool. Owned by the thread that has the connection; the WaitThread uses the limits::Wait
// until it is removed.
struct ParkedRequest final : limits::Wait {
  ParkedRequest(Process& its_process, request_rec* request, tunnel::Admission::Seat its_seat) noexcept
      : process(its_process), r(request), handler(request->handler), seat(std::move(its_seat)) {}
  ~ParkedRequest() { unpark(); }
  ParkedRequest(const ParkedRequest&) = delete;
  ParkedRequest& operator=(const ParkedRequest&) = delete;

  void wake() noexcept override { stand_in->ring(); }
  // Ends the wait and gives back what it needed. From here on nobody waits; the verdict stays.
  void unpark() noexcept {
    if (auto* state = state_of(r->connection); state->parked == this) state->parked = nullptr;
    if (process.wait_thread) process.wait_thread->remove(*this);
    stand_in.reset();
    seat = {};
  }

  Process& process;     // borrowed; outlives every request
  request_rec* r;       // borrowed
  const char* handler;  // chosen for the request
  tunnel::Admission::Seat seat;
  std::optional<os::StandIn> stand_in{std::in_place};
};

namespace {

// A handler's result as ap_invoke_handler() passes it on.
int legal(int result) noexcept {
  if (result == OK || result == DONE || result == AP_FILTER_ERROR || result == SUSPENDED) return result;
  return ap_is_HTTP_VALID_RESPONSE(result) ? result : HTTP_INTERNAL_SERVER_ERROR;
}

// Does what ap_process_async_request() does from the handlers on.
void go_on(ParkedRequest& parked) {
  auto* r = parked.r;
  auto* c = r->connection;
  parked.unpark();
  c->cs->state = CONN_STATE_HANDLER;
  ap_update_child_status(static_cast<ap_sb_handle_t*>(c->sbh), SERVER_BUSY_WRITE, r);
  r->handler = parked.handler;
  int result = finish_wait(parked.process, r, parked);
  if (result == DECLINED) result = legal(ap_run_handler(r));
  if (result == SUSPENDED) {
    c->cs->state = CONN_STATE_SUSPENDED;
    return;
  }
  if (result != OK && result != DONE) r->status = HTTP_OK;
  ap_die(result, r);
  ap_process_request_after_handler(r);
}

// Gives the connection of a parked request to the MPM, which polls the event descriptor.
int give_to_mpm(conn_rec* c, ParkedRequest& parked) {
  if (!parked.stand_in->put_in()) {
    ap_log_cerror(APLOG_MARK, APLOG_ERR, errno, c, WSFLOGNO(0141) "a request cannot wait for its permit");
    go_on(parked);
    return OK;
  }
  c->cs->state = newer::kAsyncWaitIo;
  c->cs->sense = CONN_SENSE_WANT_READ;
  parked.process.wait_thread->add(parked);
  return OK;
}

int go_through(conn_rec* c, ConnectionState& state) {
  if (state.parked != nullptr) {
    go_on(*state.parked);
    return OK;
  }
  state.processing = true;
  const int result = ap_run_process_connection(c);
  state.processing = false;
  return state.parked != nullptr ? give_to_mpm(c, *state.parked) : result;
}

apr_status_t end_parked(void* parked) noexcept {
  std::destroy_at(static_cast<ParkedRequest*>(parked));
  return APR_SUCCESS;
}

}  // namespace

bool can_park(const Process& process, request_rec* r) noexcept {
  const auto* c = r->connection;
  const auto* state = state_of(c);
  return process.can_park && state != nullptr && state->processing && c->master == nullptr &&
         c->clogging_input_filters == 0 && c->cs != nullptr && c->cs->state == CONN_STATE_HANDLER &&
         r->prev == nullptr && r->main == nullptr;
}

bool park(Process& process, request_rec* r, limits::PermitRef permit, limits::Micros until) {
  auto* c = r->connection;
  apr_os_sock_t fd = -1;
  apr_os_sock_get(&fd, ap_get_conn_socket(c));
  auto seat = process.engine->admission().wait();
  if (!seat) return false;
  auto* parked =
      ::new (apr_palloc(r->pool, sizeof(ParkedRequest))) ParkedRequest(process, r, std::move(seat));
  apr_pool_cleanup_register(r->pool, parked, end_parked, apr_pool_cleanup_null);
  if (!parked->stand_in->prepare(fd)) {
    ap_log_rerror(APLOG_MARK, APLOG_ERR, errno, r, WSFLOGNO(0142) "no descriptors for a request that waits");
    return false;
  }
  parked->permit = permit;
  parked->until = until;
  parked->client = parked->stand_in->socket();
  state_of(c)->parked = parked;
  return true;
}

int process_connection(conn_rec* c) noexcept {
  auto* state = state_of(c);
  if (state == nullptr || !state->process.can_park || c->cs == nullptr || c->master != nullptr ||
      state->processing)
    return DECLINED;
  return guard(c->base_server, static_cast<int>(APR_EGENERAL), [&] { return go_through(c, *state); });
}

int pre_close_connection(conn_rec* c) noexcept {
  auto* state = state_of(c);
  if (state != nullptr && state->parked != nullptr) state->parked->unpark();
  return OK;
}

}  // namespace wsflow::httpd
