#include "mod_wsflow/httpd/status_actions.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "mod_wsflow/base/text.hpp"
#include "mod_wsflow/flow/view.hpp"
#include "mod_wsflow/httpd/bells.hpp"
#include "mod_wsflow/httpd/limit_action.hpp"
#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/status_answer.hpp"
#include "mod_wsflow/os/digest.hpp"
#include "mod_wsflow/status/json_limits.hpp"
#include "mod_wsflow/status/utf8.hpp"

namespace wsflow::httpd {

namespace {

constexpr std::string_view kFormType = "application/x-www-form-urlencoded";
constexpr apr_size_t kMostFields = 32;  // this and the next stand in a text below
constexpr apr_size_t kMostBody = 8192;

struct Answer {
  int status = HTTP_OK;
  std::string error;                     // of all but 200
  std::optional<flow::LimitView> limit;  // of 200
};

bool is_form(const request_rec* r) noexcept {
  const auto* sent = apr_table_get(r->headers_in, "Content-Type");
  auto type = std::string_view(sent != nullptr ? sent : "");
  type = type.substr(0, type.find(';'));
  type = type.substr(0, type.find_last_not_of(" \t") + 1);
  return type.size() == kFormType.size() &&
         ap_cstr_casecmpn(type.data(), kFormType.data(), kFormType.size()) == 0;
}

// The fields of the body, in the request's pool; httpd's own answer if it has none.
int read_form(request_rec* r, std::vector<Field>& fields) {
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

// As long for a wrong one as for the right one.
bool same(std::string_view left, std::string_view right) noexcept {
  unsigned difference = left.size() == right.size() ? 0 : 1;
  for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
    difference |= static_cast<unsigned char>(left[i]) ^ static_cast<unsigned char>(right[i]);
  }
  return difference == 0;
}

std::optional<flow::LimitView> view_of(flow::Control& control, std::string_view name) {
  auto views = flow::limits(control, flow::now());
  const auto found = std::find_if(views.begin(), views.end(), [&](const flow::LimitView& view) {
    return view.configured && view.name == name;
  });
  return found != views.end() ? std::optional(std::move(*found)) : std::nullopt;
}

// For a line of the log.
const char* escaped(request_rec* r, const std::string& text) {
  return ap_escape_logitem(r->pool, text.c_str());
}

const char* user(request_rec* r) {
  return r->user != nullptr ? ap_escape_logitem(r->pool, r->user) : "an unnamed user";
}

Answer change_limit(request_rec* r, shm::Layout& layout, const LimitAction& action) {
  const auto bells = httpd::bells();
  flow::Control control(shm::flow_table(layout), flow::Control::kNoSlot, bells);
  const auto before = view_of(control, action.limit);
  const auto unknown =
      "name=" + std::string(action.limit.substr(0, flow::kNameSize)) + ": there is no such limit";
  if (!before) return {.status = HTTP_NOT_FOUND, .error = unknown, .limit = {}};
  auto wrong = out_of_place(action.change, before->defined);
  if (!wrong.empty()) return {.status = HTTP_BAD_REQUEST, .error = std::move(wrong), .limit = {}};
  if (!flow::change(control, action.limit, action.change, flow::now())) {
    return {.status = HTTP_SERVICE_UNAVAILABLE, .error = "the limits are locked: try again", .limit = {}};
  }
  ap_log_rerror(APLOG_MARK, APLOG_NOTICE, 0, r, WSFLOGNO(0150) "limit %s changed by %s at %s: %s",
                escaped(r, before->name), user(r), r->useragent_ip,
                escaped(r, told(action.change, before->now)));
  auto after = view_of(control, action.limit);
  if (!after) return {.status = HTTP_NOT_FOUND, .error = unknown, .limit = {}};
  return {.status = HTTP_OK, .error = {}, .limit = std::move(after)};
}

Answer act(request_rec* r, shm::Layout& layout, std::span<const Field> fields) {
  if (!same(value_of(fields, "nonce"), action_nonce(layout))) {
    return {.status = HTTP_FORBIDDEN,
            .error = "nonce is missing or wrong: take it from ?json; it changes when httpd is started anew",
            .limit = {}};
  }
  std::string wrong;
  const auto action = read_limit_action(fields, wrong);
  if (!action) return {.status = HTTP_BAD_REQUEST, .error = std::move(wrong), .limit = {}};
  return change_limit(r, layout, *action);
}

int send(request_rec* r, const Answer& answer, bool to_page) {
  if (answer.limit) {
    if (!to_page) return send_document(r, HTTP_OK, "application/json", status::to_json(*answer.limit));
    // The page itself, whatever its address is on the client's side of a proxy.
    apr_table_setn(r->headers_out, "Location", "?#limits");
    return send_document(r, HTTP_SEE_OTHER, "text/plain; charset=utf-8", "changed\n");
  }
  ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r, WSFLOGNO(0151) "action of %s at %s refused with %d: %s",
                user(r), r->useragent_ip, answer.status, escaped(r, answer.error));
  if (to_page) {
    return send_document(r, answer.status, "text/plain; charset=utf-8",
                         status::valid_utf8(answer.error) + "\n");
  }
  return send_document(r, answer.status, "application/json", status::to_json_error(answer.error));
}

}  // namespace

std::string action_nonce(shm::Layout& layout) {
  // Keys of limits are hashed with the whole secret: with half of it, no text of a client gives the nonce.
  const auto words = os::digest128(std::span(shm::flow_table(layout).secret).last(2), "wsflow action nonce");
  base::Text<32> text;
  return std::string(text.id(words[0]).id(words[1]).view());
}

int take_action(request_rec* r, shm::Layout& layout) {
  if (!is_form(r)) {
    const auto type = "Content-Type: legal is " + std::string(kFormType);
    return send(r, {.status = HTTP_UNSUPPORTED_MEDIA_TYPE, .error = type, .limit = {}}, false);
  }
  std::vector<Field> fields;
  const auto status = read_form(r, fields);
  if (status == HTTP_REQUEST_ENTITY_TOO_LARGE) {
    return send(r, {.status = status, .error = "the form has more than 8192 bytes or 32 fields", .limit = {}},
                false);
  }
  if (status != OK) return status;
  return send(r, act(r, layout, fields), value_of(fields, "from") == "page");
}

}  // namespace wsflow::httpd
