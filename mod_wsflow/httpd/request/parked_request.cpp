#include "mod_wsflow/httpd/request/parked_request.hpp"

#include <cerrno>

#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/newer.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/request/connection_state.hpp"
#include "mod_wsflow/os/tsan_handoff.hpp"

namespace wsflow::httpd {

bool ParkedRequest::park(Process& process) noexcept {
  auto* c = r->connection;
  if (!seat_) seat_ = process.engine->admission().wait();
  if (!seat_) return false;
  if (!stand_in_) {
    apr_os_sock_t fd = -1;
    apr_os_sock_get(&fd, ap_get_conn_socket(c));
    if (!stand_in_.emplace().prepare(fd)) {
      ap_log_rerror(APLOG_MARK, APLOG_ERR, errno, r,
                    WSFLOGNO(0142) "no descriptors for a request that waits");
      stand_in_.reset();
      return false;
    }
  }
  state_of(c)->parked = this;
  return true;
}

bool ParkedRequest::give_to_mpm() {
  auto* c = r->connection;
  if (!stand_in_->put_in(bell())) {
    ap_log_cerror(APLOG_MARK, APLOG_ERR, errno, c, WSFLOGNO(0141) "a request cannot wait without a worker");
    go_on(false);
    return false;
  }
  c->cs->state = newer::kAsyncWaitIo;
  c->cs->sense = CONN_SENSE_WANT_READ;
  begin();
  return true;
}

void ParkedRequest::forget() noexcept {
  if (auto* state = state_of(r->connection); state->parked == this) state->parked = nullptr;
  end();
}

void ParkedRequest::unpark() noexcept {
  forget();
  if (stand_in_) stand_in_->take_out();
}

void ParkedRequest::close() noexcept {
  unpark();
  abandon();
  release();
}

void ParkedRequest::release() noexcept {
  stand_in_.reset();
  seat_ = {};
}

namespace {

// A handler's result as ap_invoke_handler() passes it on.
int legal(int result) noexcept {
  if (result == OK || result == DONE || result == AP_FILTER_ERROR || result == SUSPENDED) return result;
  return ap_is_HTTP_VALID_RESPONSE(result) ? result : HTTP_INTERNAL_SERVER_ERROR;
}

}  // namespace

// Does what ap_process_async_request() does from the handlers on.
void ParkedRequest::go_on(bool waited) {
  auto* c = r->connection;
  unpark();
  c->cs->state = CONN_STATE_HANDLER;
  ap_update_child_status(static_cast<ap_sb_handle_t*>(c->sbh), SERVER_BUSY_WRITE, r);
  r->handler = handler_;
  int result = resume(waited);
  if (result == DECLINED) result = legal(ap_run_handler(r));
  if (result == SUSPENDED) {
    c->cs->state = CONN_STATE_SUSPENDED;
    return;
  }
  if (result != OK && result != DONE) r->status = HTTP_OK;
  ap_die(result, r);
  ap_process_request_after_handler(r);
}

namespace {

int go_through(conn_rec* c, ConnectionState& state) {
  int result = OK;
  state.processing = true;
  if (state.parked != nullptr) {
    state.parked->go_on(true);
  } else {
    result = ap_run_process_connection(c);
  }
  state.processing = false;
  if (state.parked != nullptr) state.parked->give_to_mpm();
  os::leave(c->pool);  // the MPM may go on with the connection in another thread
  return result;
}

}  // namespace

bool can_park(const Process& process, request_rec* r) noexcept {
  const auto* c = r->connection;
  const auto* state = state_of(c);
  return process.can_park && state != nullptr && state->processing && c->master == nullptr &&
         c->clogging_input_filters == 0 && c->cs != nullptr && c->cs->state == CONN_STATE_HANDLER &&
         r->prev == nullptr && r->main == nullptr;
}

int process_connection(conn_rec* c) noexcept {
  os::take(c->pool);
  auto* state = state_of(c);
  if (state == nullptr || !state->process.can_park || c->cs == nullptr || c->master != nullptr ||
      state->processing)
    return DECLINED;
  return guard(c->base_server, static_cast<int>(APR_EGENERAL), [&] { return go_through(c, *state); });
}

int pre_close_connection(conn_rec* c) noexcept {
  os::take(c->pool);
  auto* state = state_of(c);
  if (state != nullptr && state->parked != nullptr) state->parked->close();
  return OK;
}

}  // namespace wsflow::httpd
