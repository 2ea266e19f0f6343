#include "mod_wsflow/httpd/origin/origin_answer.hpp"

#include <algorithm>
#include <string_view>

#include "mod_wsflow/ws/handshake.hpp"

namespace wsflow::httpd {

namespace {

// Fields for one hop only: the one between the origin and us (RFC 9110 7.6.1).
constexpr std::string_view kHopByHop[] = {
    "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "TE", "Trailer", "Upgrade"};

struct Mapping {
  std::string_view field;
  ap_proxy_header_reverse_map_fn map;
};
constexpr Mapping kMapped[] = {
    {"Location", ap_proxy_location_reverse_map}, {"Content-Location", ap_proxy_location_reverse_map},
    {"URI", ap_proxy_location_reverse_map},      {"Destination", ap_proxy_location_reverse_map},
    {"Set-Cookie", ap_proxy_cookie_reverse_map},
};

bool same(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && ap_cstr_casecmpn(a.data(), b.data(), a.size()) == 0;
}

const char* copy(apr_pool_t* pool, std::string_view text) noexcept {
  return apr_pstrmemdup(pool, text.data(), text.size());
}

// True for an empty list, which says the same as no list: some origins write one if they have chosen
// nothing, and some clients then fail.
bool says_nothing(const ws::HeadField& field) noexcept {
  return field.value.empty() &&
         (same(field.name, "Sec-WebSocket-Protocol") || same(field.name, "Sec-WebSocket-Extensions"));
}

// Adds Via as mod_proxy_http does.
void add_via(request_rec* r, const Origin& origin) noexcept {
  const auto wanted = origin.conf()->viaopt;
  if (wanted != proxy_server_conf::via_on && wanted != proxy_server_conf::via_full) return;
  const char* name = ap_get_server_name(r);
  if (name == r->hostname) name = r->server->server_hostname;  // not the name that the client gave
  const char* comment = "";
  if (wanted == proxy_server_conf::via_full) {
    ap_version_t version;
    ap_get_server_revision(&version);
    comment = apr_psprintf(r->pool, " (Apache/%d.%d.%d)", version.major, version.minor, version.patch);
  }
  apr_table_addn(r->headers_out, "Via",
                 apr_psprintf(r->pool, "%d.%d %s%s%s", HTTP_VERSION_MAJOR(r->proto_num),
                              HTTP_VERSION_MINOR(r->proto_num), name, origin.via_port(), comment));
}

// Offers "websocket" if the origin does: of its protocols, the only one that works here.
void offer_upgrade(const ws::ResponseHead& head, apr_table_t* to) noexcept {
  const bool offered = std::any_of(head.fields.begin(), head.fields.end(), [](const ws::HeadField& field) {
    return same(field.name, "Upgrade") && ws::has_token(field.value, "websocket");
  });
  if (!offered) return;
  apr_table_setn(to, "Upgrade", "websocket");
  apr_table_setn(to, "Connection", "Upgrade");
}

// Keeps the fields that the client needs of an answer whose page httpd replaces.
void keep_challenges(request_rec* r, const ws::ResponseHead& head) noexcept {
  for (const auto& field : head.fields) {
    const char* kept = same(field.name, "WWW-Authenticate")        ? "WWW-Authenticate"
                       : same(field.name, "Sec-WebSocket-Version") ? "Sec-WebSocket-Version"
                                                                   : nullptr;
    if (kept != nullptr) apr_table_addn(r->err_headers_out, kept, copy(r->pool, field.value));
  }
  offer_upgrade(head, r->err_headers_out);
}

bool is_hop_by_hop(std::string_view name, std::string_view connection) noexcept {
  return std::any_of(std::begin(kHopByHop), std::end(kHopByHop),
                     [&](auto each) { return same(name, each); }) ||
         ws::has_token(connection, name);
}

}  // namespace

void take_fields(request_rec* r, const Origin& origin) {
  const auto& head = origin.head();
  auto* dir = static_cast<proxy_dir_conf*>(ap_get_module_config(r->per_dir_config, &proxy_module));
  std::string connection;
  for (const auto& field : head.fields) {
    if (same(field.name, "Connection")) connection.append(field.value).append(",");
  }
  for (const auto& field : head.fields) {
    if (is_hop_by_hop(field.name, connection) || says_nothing(field)) continue;
    const char* value = copy(r->pool, field.value);
    const auto* mapping = std::find_if(std::begin(kMapped), std::end(kMapped),
                                       [&](const Mapping& each) { return same(each.field, field.name); });
    if (mapping != std::end(kMapped)) value = mapping->map(r, dir, value);
    if (same(field.name, "Content-Type")) {
      ap_set_content_type(r, value);
    } else {
      apr_table_addn(r->headers_out, copy(r->pool, field.name), value);
    }
  }
  add_via(r, origin);
}

bool begin_answer(request_rec* r, const Origin& origin) {
  const auto& head = origin.head();
  take_fields(r, origin);
  apr_table_setn(r->notes, "proxy-status", apr_itoa(r->pool, head.status));
  auto* dir = static_cast<proxy_dir_conf*>(ap_get_module_config(r->per_dir_config, &proxy_module));
  if (ap_proxy_should_override(dir, head.status)) {
    keep_challenges(r, head);
    apr_table_setn(r->notes, "proxy-error-override", "1");
    return false;
  }
  offer_upgrade(head, r->headers_out);
  r->status = head.status;
  r->status_line = copy(r->pool, head.status_text);
  return true;
}

}  // namespace wsflow::httpd
