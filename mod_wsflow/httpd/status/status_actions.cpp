#include "mod_wsflow/httpd/status/status_actions.hpp"

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include "mod_wsflow/base/text.hpp"
#include "mod_wsflow/base/utf8.hpp"
#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/status/action.hpp"
#include "mod_wsflow/httpd/status/change_limit.hpp"
#include "mod_wsflow/httpd/status/close_tunnels.hpp"
#include "mod_wsflow/httpd/status/drain_route.hpp"
#include "mod_wsflow/httpd/status/status_answer.hpp"
#include "mod_wsflow/os/digest.hpp"
#include "mod_wsflow/status/json_limits.hpp"

namespace wsflow::httpd {

namespace {

constexpr std::string_view kFormType = "application/x-www-form-urlencoded";
constexpr apr_size_t kMostFields = 32;  // kMostFields and kMostBody stand in a text below
constexpr apr_size_t kMostBody = 8192;

using Action = ActionAnswer(Process& process, request_rec* r, std::span<const status::Field> fields);
struct NamedAction {
  std::string_view name;
  Action* act;
};
constexpr NamedAction kActions[] = {
    {"limit", change_limit}, {"close", close_tunnels}, {"drain", drain_route}, {"undrain", undrain_route}};

bool is_form(const request_rec* r) noexcept {
  const auto* sent = apr_table_get(r->headers_in, "Content-Type");
  auto type = std::string_view(sent != nullptr ? sent : "");
  type = type.substr(0, type.find(';'));
  type = type.substr(0, type.find_last_not_of(" \t") + 1);
  return type.size() == kFormType.size() &&
         ap_cstr_casecmpn(type.data(), kFormType.data(), kFormType.size()) == 0;
}

// Reads the fields of the body into the request's pool. Returns OK, or httpd's own answer.
int read_form(request_rec* r, std::vector<status::Field>& fields) {
  apr_array_header_t* pairs = nullptr;
  const auto status = ap_parse_form_data(r, nullptr, &pairs, kMostFields, kMostBody);
  if (status != OK || pairs == nullptr) return status;
  for (const auto& pair :
       std::span(reinterpret_cast<ap_form_pair_t*>(pairs->elts), std::size_t(pairs->nelts))) {
    char* value = nullptr;
    apr_size_t size = 0;
    if (apr_brigade_pflatten(pair.value, &value, &size, r->pool) != APR_SUCCESS) return HTTP_BAD_REQUEST;
    fields.push_back({.name = pair.name, .value = {value, size}});
  }
  return OK;
}

// Compares two texts. A wrong one takes as long as the right one.
bool same(std::string_view left, std::string_view right) noexcept {
  unsigned difference = left.size() == right.size() ? 0 : 1;
  for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
    difference |= static_cast<unsigned char>(left[i]) ^ static_cast<unsigned char>(right[i]);
  }
  return difference == 0;
}

ActionAnswer act(Process& process, request_rec* r, std::span<const status::Field> fields) {
  if (!same(status::value_of(fields, "nonce"), action_nonce(process.segment))) {
    return {.status = HTTP_FORBIDDEN,
            .text = "nonce is missing or wrong: take it from ?json; it changes when httpd is started anew"};
  }
  const status::Field wanted{.name = "action", .value = status::value_of(fields, "action")};
  const auto* found = std::find_if(std::begin(kActions), std::end(kActions),
                                   [&](const NamedAction& each) { return each.name == wanted.value; });
  if (found == std::end(kActions)) {
    const auto what = wanted.value.empty() ? "action is missing" : status::said(wanted);
    return {.status = HTTP_BAD_REQUEST, .text = what + ": legal are limit, close, drain and undrain"};
  }
  return found->act(process, r, fields);
}

int send(request_rec* r, const ActionAnswer& answer, std::span<const status::Field> fields) {
  const bool to_page = status::value_of(fields, "from") == "page";
  if (answer.question) {
    return send_document(r, HTTP_OK, "text/html; charset=utf-8",
                         status::to_confirmation(*answer.question, fields, answer.anchor));
  }
  if (answer.status == HTTP_OK) {
    if (!to_page) return send_document(r, HTTP_OK, "application/json", answer.text);
    // Leads back to the page itself, whatever its address is on the client's side of a proxy.
    const auto back = std::string("?").append(status::value_of(fields, "back")).append(answer.anchor);
    apr_table_set(r->headers_out, "Location", back.c_str());
    return send_document(r, HTTP_SEE_OTHER, "text/plain; charset=utf-8", "done\n");
  }
  ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r, WSFLOGNO(0151) "action of %s at %s refused with %d: %s",
                actor(r), r->useragent_ip, answer.status, escaped(r, answer.text));
  if (to_page) {
    return send_document(r, answer.status, "text/plain; charset=utf-8",
                         base::printable_utf8(answer.text) + "\n");
  }
  return send_document(r, answer.status, "application/json", status::to_json_error(answer.text));
}

}  // namespace

std::string action_nonce(shm::Layout& layout) {
  // The nonce uses half of the secret. Keys of limits are hashed with all of it, so no text of a client
  // gives the nonce.
  const auto words =
      os::digest128(std::span(shm::limits_table(layout).secret).last(2), "wsflow action nonce");
  base::Text<32> text;
  return std::string(text.id(words[0]).id(words[1]).view());
}

int take_action(Process& process, request_rec* r) {
  std::vector<status::Field> fields;
  if (!is_form(r)) {
    const auto type = "Content-Type: legal is " + std::string(kFormType);
    return send(r, {.status = HTTP_UNSUPPORTED_MEDIA_TYPE, .text = type}, fields);
  }
  const auto status = read_form(r, fields);
  if (status == HTTP_REQUEST_ENTITY_TOO_LARGE) {
    return send(r, {.status = status, .text = "the form has more than 8192 bytes or 32 fields"}, {});
  }
  if (status != OK) return status;
  return send(r, act(process, r, fields), fields);
}

}  // namespace wsflow::httpd
