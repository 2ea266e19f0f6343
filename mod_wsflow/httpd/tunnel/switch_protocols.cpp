#include "mod_wsflow/httpd/tunnel/switch_protocols.hpp"

#include <algorithm>
#include <string_view>

#include "mod_wsflow/httpd/elements.hpp"
#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/origin/origin_answer.hpp"
#include "mod_wsflow/ws/field_syntax.hpp"

namespace wsflow::httpd {

namespace {

// Filters of mod_headers and mod_session that change the head of an answer and ignore its body. They need a
// call of their own, as httpd writes a 101 past all filters.
constexpr std::string_view kHeadFilters[] = {"fixup_headers_out", "mod_session_out"};

// Fields on which client and origin have agreed: httpd must not change them.
constexpr const char* kAgreed[] = {"Sec-WebSocket-Accept", "Sec-WebSocket-Protocol",
                                   "Sec-WebSocket-Extensions"};

void run_head_filters(request_rec* r) noexcept {
  apr_bucket_brigade* nothing = nullptr;
  for (const auto* filter = r->output_filters; filter != nullptr; filter = filter->next) {
    const std::string_view name(filter->frec->name);
    if (std::find(std::begin(kHeadFilters), std::end(kHeadFilters), name) == std::end(kHeadFilters)) continue;
    if (nothing == nullptr) nothing = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    // A filter without a next one writes nothing.
    ap_filter_t alone = *filter;
    alone.next = nullptr;
    filter->frec->filter_func.out_func(&alone, nothing);
  }
}

bool is_agreed(const char* name) noexcept {
  return std::any_of(std::begin(kAgreed), std::end(kAgreed),
                     [&](const char* each) { return ap_cstr_casecmp(each, name) == 0; });
}

// Adds the fields for which `wanted` is true.
template <typename Wanted>
void add(apr_table_t* to, const apr_table_t* fields, Wanted wanted) {
  for (const auto& entry : elements<const apr_table_entry_t>(apr_table_elts(fields))) {
    if (entry.key != nullptr && wanted(entry)) apr_table_addn(to, entry.key, entry.val);
  }
}

// True if the field is one line. httpd checks that in a filter too, which a 101 does not pass.
bool is_sound(request_rec* r, const apr_table_entry_t& field) noexcept {
  if (ws::is_token(field.key) && ws::is_field_value(field.val)) return true;
  ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                WSFLOGNO(0251) "the 101 goes without its field %s, which has control characters",
                field.key);  // httpd escapes it
  return false;
}

}  // namespace

bool switch_protocols(request_rec* r, const Origin& origin) {
  r->status = HTTP_SWITCHING_PROTOCOLS;
  r->status_line = nullptr;
  take_fields(r, origin);
  constexpr int kUsual = 16;
  auto* agreed = apr_table_make(r->pool, static_cast<int>(std::size(kAgreed)));
  add(agreed, r->headers_out, [](const auto& field) { return is_agreed(field.key); });
  run_head_filters(r);
  auto* fields = apr_table_make(r->pool, kUsual);
  for (const auto* table : {r->err_headers_out, r->headers_out})
    add(fields, table, [r](const auto& field) { return !is_agreed(field.key) && is_sound(r, field); });
  add(fields, agreed, [](const auto&) { return true; });
  // The body of a 101 is the tunnel; a length or an encoding would be about something else.
  apr_table_unset(fields, "Content-Length");
  apr_table_unset(fields, "Transfer-Encoding");
  apr_table_setn(fields, "Upgrade", "websocket");
  apr_table_setn(fields, "Connection", "Upgrade");
  // ap_send_interim_response() empties headers_out, which the access log may show.
  r->headers_out = apr_table_copy(r->pool, fields);
  ap_send_interim_response(r, 1);
  r->headers_out = fields;
  return r->connection->aborted == 0;
}

}  // namespace wsflow::httpd
