#include "mod_wsflow/httpd/status/presence_search.hpp"

#include <memory>
#include <new>
#include <utility>

#include "mod_wsflow/httpd/presence/presence.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/request/parked_request.hpp"
#include "mod_wsflow/os/wait.hpp"

namespace wsflow::httpd {

namespace {

constexpr base::Millis kWorkerWaits{2000};

// A request for the status that waits for its search without a worker. Owned by the thread that has the
// connection; the writer only has the search.
struct ParkedSearch final : ParkedRequest {
  ParkedSearch(Process& its_process, request_rec* request, const status::StatusQuery& its_query,
               std::shared_ptr<presence::Search> its_search, AnswerSearch its_answer)
      : ParkedRequest(request),
        process(its_process),
        query(its_query),
        search(std::move(its_search)),
        answer(its_answer) {}
  ~ParkedSearch() { forget(); }
  ParkedSearch(const ParkedSearch&) = delete;
  ParkedSearch& operator=(const ParkedSearch&) = delete;

  int bell() const noexcept override { return search->bell.fd(); }
  void begin() override {}
  void end() noexcept override {}
  void abandon() noexcept override {}
  int resume(bool) override {
    release();
    return answer(r, process, query, search);
  }

  Process& process;  // borrowed; outlives every request
  const status::StatusQuery query;
  const std::shared_ptr<presence::Search> search;
  const AnswerSearch answer;
};

apr_status_t end_parked(void* parked) noexcept {
  std::destroy_at(static_cast<ParkedSearch*>(parked));
  return APR_SUCCESS;
}

}  // namespace

int search_presence(Process& process, request_rec* r, const status::StatusQuery& query, AnswerSearch answer) {
  auto search = std::make_shared<presence::Search>(query.presence);
  if (!process.presence->writer().find(search)) return answer(r, process, query, search);
  if (can_park(process, r)) {
    auto* parked =
        ::new (apr_palloc(r->pool, sizeof(ParkedSearch))) ParkedSearch(process, r, query, search, answer);
    apr_pool_cleanup_register(r->pool, parked, end_parked, apr_pool_cleanup_null);
    if (parked->park(process)) return SUSPENDED;
  }
  os::wait_readable({search->bell.fd()}, kWorkerWaits);
  return answer(r, process, query, search);
}

}  // namespace wsflow::httpd
