#include "mod_wsflow/httpd/limits/parked_wait.hpp"

#include <cerrno>
#include <memory>
#include <new>

#include "mod_wsflow/httpd/limits/gate.hpp"
#include "mod_wsflow/httpd/limits/hold.hpp"
#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/request/connection_state.hpp"
#include "mod_wsflow/httpd/request/parked_request.hpp"
#include "mod_wsflow/httpd/request/request_state.hpp"

namespace wsflow::httpd {

namespace {

// A request that waits for its permit without a worker. Owned by the thread that has the connection; the
// WaitThread uses the limits::Wait until it is removed.
struct ParkedWait final : ParkedRequest, limits::Wait {
  ParkedWait(Process& its_process, request_rec* request) noexcept
      : ParkedRequest(request), process(its_process) {}
  ~ParkedWait() { forget(); }
  ParkedWait(const ParkedWait&) = delete;
  ParkedWait& operator=(const ParkedWait&) = delete;

  void wake() noexcept override { granted.ring(); }
  int bell() const noexcept override { return granted.fd(); }
  void begin() override {
    limits::Wait::client = ParkedRequest::client();
    process.wait_thread->add(*this);
  }
  void end() noexcept override {
    if (process.wait_thread) process.wait_thread->remove(*this);
  }
  void abandon() noexcept override { state_of(r).hold->give_back(); }
  int resume(bool) override {
    release();
    return finish_wait(process, r, *this);
  }

  Process& process;  // borrowed; outlives every request
  os::Wakeup granted;
};

apr_status_t end_parked(void* parked) noexcept {
  std::destroy_at(static_cast<ParkedWait*>(parked));
  return APR_SUCCESS;
}

}  // namespace

bool park(Process& process, request_rec* r, limits::PermitRef permit, limits::Micros until) {
  auto* parked = ::new (apr_palloc(r->pool, sizeof(ParkedWait))) ParkedWait(process, r);
  apr_pool_cleanup_register(r->pool, parked, end_parked, apr_pool_cleanup_null);
  if (!parked->granted.valid()) {
    ap_log_rerror(APLOG_MARK, APLOG_ERR, errno, r,
                  WSFLOGNO(0360) "no event descriptor for a request that waits");
    return false;
  }
  parked->permit = permit;
  parked->until = until;
  return parked->park(process);
}

}  // namespace wsflow::httpd
