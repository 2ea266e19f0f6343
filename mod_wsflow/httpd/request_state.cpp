#include "mod_wsflow/httpd/request_state.hpp"

#include <new>

#include "mod_wsflow/base/text.hpp"
#include "mod_wsflow/httpd/child.hpp"

namespace wsflow::httpd {

RequestState& state_of(request_rec* r) noexcept {
  auto* state = static_cast<RequestState*>(ap_get_module_config(r->request_config, &wsflow_module));
  if (state == nullptr) {
    state = ::new (apr_palloc(r->pool, sizeof(RequestState))) RequestState;
    ap_set_module_config(r->request_config, &wsflow_module, state);
  }
  return *state;
}

int refuse(request_rec* r, const Failure& failure) noexcept {
  state_of(r).refusal = failure.reason;
  apr_table_setn(r->subprocess_env, "WSFLOW_REFUSED_BY", base::name(failure.reason));
  apr_table_setn(r->subprocess_env, "WSFLOW_OUTCOME", "refused");
  return failure.status;
}

int finish_request(int* status, request_rec* r) noexcept {
  const auto refusal = state_of(r).refusal;
  if (!refusal) return DECLINED;
  if (auto* process = child()) process->recorder.refused(*refusal);
  if (*refusal == base::Refusal::origin_connect && *status == HTTP_SERVICE_UNAVAILABLE)
    *status = HTTP_BAD_GATEWAY;
  return OK;
}

void note_tunnel(request_rec* r, std::uint64_t id) noexcept {
  state_of(r).refusal.reset();
  apr_table_unset(r->subprocess_env, "WSFLOW_REFUSED_BY");
  base::Text<16> digits;
  digits.id(id);
  apr_table_setn(r->subprocess_env, "WSFLOW_ID",
                 apr_pstrmemdup(r->pool, digits.view().data(), digits.view().size()));
  apr_table_setn(r->subprocess_env, "WSFLOW_OUTCOME", "tunnel");
}

void explain(request_rec* r, const char* sentence) noexcept {
  apr_table_setn(r->notes, "error-notes", sentence);
  apr_table_setn(r->notes, "verbose-error-to", "*");
}

}  // namespace wsflow::httpd
