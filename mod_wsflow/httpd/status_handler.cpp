#include "mod_wsflow/httpd/status_handler.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "mod_wsflow/httpd/bells.hpp"
#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/segment.hpp"
#include "mod_wsflow/httpd/status_actions.hpp"
#include "mod_wsflow/httpd/status_answer.hpp"
#include "mod_wsflow/shm/fold.hpp"
#include "mod_wsflow/status/auto_lines.hpp"
#include "mod_wsflow/status/html.hpp"
#include "mod_wsflow/status/json.hpp"
#include "mod_wsflow/version.h"

namespace wsflow::httpd {

namespace {

constexpr std::size_t kDefaultCount = 1000;
constexpr std::size_t kMostCount = 10000;

// What processes that died a moment ago held is told as it is now, not as they left it.
status::Model model_of(shm::Layout& layout) {
  // Another process that is at it needs some microseconds.
  for (int tries = 0; !shm::sweep(layout) && tries < 20; ++tries) apr_sleep(apr_time_from_msec(1));
  int generation = 0;
  ap_mpm_query(AP_MPMQ_GENERATION, &generation);
  const auto bells = httpd::bells();
  flow::Control control(shm::flow_table(layout), flow::Control::kNoSlot, bells);
  return {.version = WSFLOW_VERSION,
          .server = ap_get_server_description(),
          .generation = static_cast<std::uint32_t>(generation),
          .now_us = apr_time_now(),
          .snapshot = shm::snapshot(layout),
          .connections_total = shm::tunnel_count(layout),
          .connections = {},
          .limits = flow::limits(control, flow::now()),
          .nonce = {}};
}

// The value of `key` in the query, `otherwise` if it is not there; nothing if it is no number.
std::optional<std::size_t> number_in(std::string_view query, std::string_view key, std::size_t otherwise) {
  while (!query.empty()) {
    auto part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
    if (part.substr(0, key.size()) != key || part.substr(key.size(), 1) != "=") continue;
    part.remove_prefix(key.size() + 1);
    std::size_t value = 0;
    const auto* end = part.data() + part.size();
    const auto result = std::from_chars(part.data(), end, value);
    return result.ec == std::errc{} && result.ptr == end ? std::optional(value) : std::nullopt;
  }
  return otherwise;
}

int handle(request_rec* r) {
  ap_allow_methods(r, REPLACE_ALLOW, "GET", "POST", nullptr);
  // HEAD is M_GET with header_only.
  if (r->method_number != M_GET && r->method_number != M_POST) return HTTP_METHOD_NOT_ALLOWED;
  auto* layout = segment();
  if (layout == nullptr) return HTTP_SERVICE_UNAVAILABLE;
  if (r->method_number == M_POST) return take_action(r, *layout);
  const std::string_view query(r->args != nullptr ? r->args : "");
  const auto format = query.substr(0, query.find('&'));
  auto model = model_of(*layout);
  if (format == "auto") {
    return send_document(r, HTTP_OK, "text/plain; charset=utf-8", status::to_auto_lines(model));
  }
  model.nonce = action_nonce(*layout);
  if (format == "json") {
    const auto first = number_in(query, "from", 0);
    const auto count = number_in(query, "count", kDefaultCount);
    if (!first || !count) return HTTP_BAD_REQUEST;
    model.connections = shm::tunnels(*layout, *first, std::min(*count, kMostCount));
    return send_document(r, HTTP_OK, "application/json", status::to_json(model));
  }
  return send_document(r, HTTP_OK, "text/html; charset=utf-8", status::to_html(model));
}

}  // namespace

int status_handler(request_rec* r) noexcept {
  if (r->handler == nullptr || std::string_view(r->handler) != "wsflow-status") return DECLINED;
  return guard(r->server, HTTP_INTERNAL_SERVER_ERROR, [&] { return handle(r); });
}

int server_status(request_rec* r, int flags) noexcept {
  return guard(r->server, DECLINED, [&] {
    auto* layout = segment();
    if (layout == nullptr) return DECLINED;
    const auto model = model_of(*layout);
    const bool lines = (flags & AP_STATUS_SHORT) != 0;
    const auto text = lines ? status::to_auto_lines(model) : status::to_html_section(model);
    ap_rwrite(text.data(), static_cast<int>(text.size()), r);
    return OK;
  });
}

}  // namespace wsflow::httpd
