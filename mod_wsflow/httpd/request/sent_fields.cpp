#include "mod_wsflow/httpd/request/sent_fields.hpp"

#include <new>

#include "mod_wsflow/httpd/request/field_changes.hpp"
#include "mod_wsflow/httpd/request/request_state.hpp"

namespace wsflow::httpd {

// Lives in the request's pool. Its tables never change; one table may be several members.
struct SentFields {
  apr_table_t* sent;    // of the client's own request
  apr_table_t* judged;  // `sent` with the changes of modules other than mod_headers so far
  apr_table_t* seen;    // headers_in behind mod_headers' first part: later changes are other modules'
  bool whole = false;   // mod_headers' second part has begun: later changes are its own
};

namespace {

SentFields* fields_of(const request_rec* r) noexcept {
  const auto* state =
      static_cast<const RequestState*>(ap_get_module_config(r->request_config, &wsflow_module));
  return state != nullptr ? state->fields : nullptr;
}

void take_changes(const request_rec* r, SentFields& fields) noexcept {
  if (fields.whole) return;
  fields.judged = with_changes(r->pool, fields.judged, fields.seen, r->headers_in);
  fields.whole = true;
}

}  // namespace

int before_early_headers(request_rec* r) noexcept {
  if (!config_of(ap_server_conf).judges_fields || fields_of(r) != nullptr) return DECLINED;
  auto* earlier = r->prev != nullptr ? fields_of(r->prev) : nullptr;
  auto* fields = static_cast<SentFields*>(apr_palloc(r->pool, sizeof(SentFields)));
  if (earlier != nullptr) {
    // The redirect may have come ahead of mod_headers.
    take_changes(r->prev, *earlier);
    ::new (fields) SentFields{.sent = earlier->sent, .judged = earlier->judged, .seen = earlier->judged};
  } else {
    auto* copy = apr_table_copy(r->pool, r->headers_in);
    ::new (fields) SentFields{.sent = copy, .judged = copy, .seen = copy};
  }
  state_of(r).fields = fields;
  return DECLINED;
}

int behind_early_headers(request_rec* r) noexcept {
  auto* fields = fields_of(r);
  if (fields != nullptr && !same_fields(fields->seen, r->headers_in))
    fields->seen = apr_table_copy(r->pool, r->headers_in);
  return DECLINED;
}

int before_headers(request_rec* r) noexcept {
  if (auto* fields = fields_of(r)) take_changes(r, *fields);
  return DECLINED;
}

const char* sent_field(const request_rec* r, const char* name) noexcept {
  const auto* fields = fields_of(r);
  return apr_table_get(fields != nullptr ? fields->sent : r->headers_in, name);
}

const apr_table_t* judged_fields(const request_rec* r) noexcept {
  const auto* fields = fields_of(r);
  return fields != nullptr ? fields->judged : r->headers_in;
}

JudgedByFields::JudgedByFields(request_rec* r) noexcept : r_(r), for_origin_(r->headers_in) {
  if (const auto* fields = fields_of(r)) r->headers_in = fields->judged;
}

}  // namespace wsflow::httpd
