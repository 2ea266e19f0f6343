#include "mod_wsflow/httpd/origin/origin_answer.hpp"

#include <algorithm>
#include <string_view>

#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/request/held_input.hpp"
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

// Makes a request that stands for the answer: with it, httpd's own HTTP input filter finds the end of the
// body. The backend connection owns the request.
request_rec* make_answer_request(request_rec* r, Origin& origin) noexcept {
  auto* c = origin.connection();
  apr_pool_t* pool = nullptr;
  apr_pool_create(&pool, c->pool);
  apr_pool_tag(pool, "wsflow_answer");
  auto* answer = static_cast<request_rec*>(apr_pcalloc(pool, sizeof(request_rec)));
  answer->pool = pool;
  answer->status = HTTP_OK;
  answer->headers_in = apr_table_make(pool, 4);
  answer->trailers_in = apr_table_make(pool, 2);
  answer->subprocess_env = apr_table_make(pool, 2);
  answer->headers_out = apr_table_make(pool, 2);
  answer->trailers_out = apr_table_make(pool, 2);
  answer->err_headers_out = apr_table_make(pool, 2);
  answer->notes = apr_table_make(pool, 2);
  answer->server = r->server;
  answer->log = r->log;
  answer->proxyreq = PROXYREQ_RESPONSE;
  answer->request_time = r->request_time;
  answer->connection = c;
  answer->input_filters = answer->proto_input_filters = c->input_filters;
  answer->output_filters = answer->proto_output_filters = c->output_filters;
  answer->useragent_ip = c->client_ip;
  answer->useragent_addr = c->client_addr;
  answer->request_config = ap_create_request_config(pool);
  answer->per_dir_config = r->per_dir_config;
  ap_proxy_pre_http_request(c, answer);
  origin.backend()->r = answer;  // mod_proxy destroys it with the connection
  return answer;
}

// False if the client is gone.
bool pass(request_rec* r, apr_bucket_brigade* brigade) noexcept {
  const auto passed = ap_pass_brigade(r->output_filters, brigade);
  apr_brigade_cleanup(brigade);
  return passed == APR_SUCCESS && r->connection->aborted == 0;
}

// Relays the body until its end, each piece as the origin sends it. False if the client is gone or the origin
// broke off.
bool relay_body(request_rec* r, request_rec* answer, Origin& origin) {
  auto* c = r->connection;
  auto* from = apr_brigade_create(answer->pool, origin.connection()->bucket_alloc);
  auto* to = apr_brigade_create(r->pool, c->bucket_alloc);
  auto mode = APR_NONBLOCK_READ;
  for (;;) {
    const auto status = ap_get_brigade(answer->input_filters, from, AP_MODE_READBYTES, mode,
                                       static_cast<apr_off_t>(origin.conf()->io_buffer_size));
    const bool nothing_yet =
        mode == APR_NONBLOCK_READ &&
        (APR_STATUS_IS_EAGAIN(status) || (status == APR_SUCCESS && APR_BRIGADE_EMPTY(from)));
    if (nothing_yet) {
      // The client gets what is there before we wait for more.
      mode = APR_BLOCK_READ;
      APR_BRIGADE_INSERT_TAIL(to, apr_bucket_flush_create(c->bucket_alloc));
      if (!pass(r, to)) return false;
      continue;
    }
    if (status != APR_SUCCESS && !APR_STATUS_IS_EOF(status)) {
      ap_log_rerror(APLOG_MARK, APLOG_ERR, status, r,
                    WSFLOGNO(0040) "the origin %s broke off in the middle of the body of its answer",
                    origin.name().text);
      ap_proxy_backend_broke(r, to);
      pass(r, to);
      return false;
    }
    mode = APR_NONBLOCK_READ;
    apr_off_t size = 0;
    apr_brigade_length(from, 0, &size);
    origin.worker()->s->read += size;
    const bool end =
        APR_STATUS_IS_EOF(status) || APR_BRIGADE_EMPTY(from) || APR_BUCKET_IS_EOS(APR_BRIGADE_LAST(from));
    ap_proxy_buckets_lifetime_transform(r, from, to);  // drops what was in `to`
    if (end && (APR_BRIGADE_EMPTY(to) || !APR_BUCKET_IS_EOS(APR_BRIGADE_LAST(to)))) {
      APR_BRIGADE_INSERT_TAIL(to, apr_bucket_eos_create(c->bucket_alloc));
    }
    const bool passed = pass(r, to);
    apr_brigade_cleanup(from);
    if (!passed || end) return passed;
  }
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

int pass_answer(request_rec* r, Origin& origin) {
  const auto& head = origin.head();
  take_fields(r, origin);
  const int status = head.status;
  apr_table_setn(r->notes, "proxy-status", apr_itoa(r->pool, status));
  auto* dir = static_cast<proxy_dir_conf*>(ap_get_module_config(r->per_dir_config, &proxy_module));
  if (ap_proxy_should_override(dir, status)) {
    keep_challenges(r, head);
    apr_table_setn(r->notes, "proxy-error-override", "1");
    return status;
  }
  offer_upgrade(head, r->headers_out);
  r->status = status;
  r->status_line = copy(r->pool, head.status_text);

  replay_input(origin.connection(), origin.behind_head());
  auto* answer = make_answer_request(r, origin);
  const char* encoding = apr_table_get(r->headers_out, "Transfer-Encoding");
  const char* length = apr_table_get(r->headers_out, "Content-Length");
  if (encoding != nullptr) {
    // RFC 9112 6.3: the encoding wins, and a length beside it is an attack or a defect.
    apr_table_set(answer->headers_in, "Transfer-Encoding", encoding);
    apr_table_unset(r->headers_out, "Content-Length");
    apr_table_unset(r->headers_out, "Transfer-Encoding");
  } else if (length != nullptr) {
    apr_table_set(answer->headers_in, "Content-Length", length);
  }
  r->sent_bodyct = 1;
  if (AP_STATUS_IS_HEADER_ONLY(status)) {
    auto* end = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    APR_BRIGADE_INSERT_TAIL(end, apr_bucket_eos_create(r->connection->bucket_alloc));
    ap_pass_brigade(r->output_filters, end);
    return OK;
  }
  apr_socket_timeout_set(origin.backend()->sock, origin.worker()->s->timeout_set != 0
                                                     ? origin.worker()->s->timeout
                                                 : origin.conf()->timeout_set != 0 ? origin.conf()->timeout
                                                                                   : r->server->timeout);
  return relay_body(r, answer, origin) ? OK : DONE;
}

}  // namespace wsflow::httpd
