#include "mod_wsflow/httpd/balancing/member_work.hpp"

#include <atomic>
#include <new>
#include <utility>

#include "mod_wsflow/httpd/housekeeping/origin_load.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/request/request_state.hpp"

namespace wsflow::httpd {

// In the request's pool.
struct MemberWork {
  const proxy_worker_shared* worker = nullptr;  // borrowed from mod_proxy's shared memory
  std::atomic<std::uint32_t>* count = nullptr;  // borrowed from the segment; nullptr: nothing is counted
};

namespace {

// A connection may die behind the end of its child, when the slot is a keeper's or, if that has ended too,
// anybody's: a count never falls below 0, from where it would keep the member out of every choice.
void give_back(MemberWork& work) noexcept {
  work.worker = nullptr;
  auto* count = std::exchange(work.count, nullptr);
  if (count == nullptr) return;
  auto value = count->load(std::memory_order_relaxed);
  while (value > 0 && !count->compare_exchange_weak(value, value - 1, std::memory_order_relaxed)) {
  }
}

apr_status_t request_ends(void* work) noexcept {
  give_back(*static_cast<MemberWork*>(work));
  return APR_SUCCESS;
}

}  // namespace

void begin_work(Process& process, request_rec* r, const proxy_worker* worker) noexcept {
  auto*& work = state_of(r).work;
  if (work == nullptr) {
    work = ::new (apr_palloc(r->pool, sizeof(MemberWork))) MemberWork;
    apr_pool_cleanup_register(r->pool, work, request_ends, apr_pool_cleanup_null);
  }
  if (work->worker == worker->s) return;
  give_back(*work);
  work->worker = worker->s;
  if (const auto resource = resource_of(process, worker)) {
    work->count = &process.slot.in_work[*resource];
    work->count->fetch_add(1, std::memory_order_relaxed);
  }
}

}  // namespace wsflow::httpd
