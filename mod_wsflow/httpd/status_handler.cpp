#include "mod_wsflow/httpd/status_handler.hpp"

#include <string>
#include <string_view>

#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/segment.hpp"
#include "mod_wsflow/status/auto_lines.hpp"
#include "mod_wsflow/status/html.hpp"
#include "mod_wsflow/status/json.hpp"
#include "mod_wsflow/version.h"

namespace wsflow::httpd {

namespace {

status::Model model_of(const shm::Layout& layout) {
  int generation = 0;
  ap_mpm_query(AP_MPMQ_GENERATION, &generation);
  return {.version = WSFLOW_VERSION,
          .server = ap_get_server_description(),
          .generation = static_cast<std::uint32_t>(generation),
          .snapshot = shm::snapshot(layout)};
}

int answer(request_rec* r, const char* type, const std::string& body) {
  ap_set_content_type(r, type);
  apr_table_setn(r->headers_out, "Cache-Control", "no-store");
  ap_set_content_length(r, static_cast<apr_off_t>(body.size()));
  if (r->header_only == 0) ap_rwrite(body.data(), static_cast<int>(body.size()), r);
  return OK;
}

int handle(request_rec* r) {
  ap_allow_methods(r, REPLACE_ALLOW, "GET", nullptr);
  if (r->method_number != M_GET) return HTTP_METHOD_NOT_ALLOWED;  // HEAD is M_GET with header_only
  const auto* layout = segment();
  if (layout == nullptr) return HTTP_SERVICE_UNAVAILABLE;
  std::string_view format(r->args != nullptr ? r->args : "");
  format = format.substr(0, format.find('&'));
  const auto model = model_of(*layout);
  if (format == "json") return answer(r, "application/json", status::to_json(model));
  if (format == "auto") return answer(r, "text/plain; charset=utf-8", status::to_auto_lines(model));
  return answer(r, "text/html; charset=utf-8", status::to_html(model));
}

}  // namespace

int status_handler(request_rec* r) noexcept {
  if (r->handler == nullptr || std::string_view(r->handler) != "wsflow-status") return DECLINED;
  return guard(r->server, HTTP_INTERNAL_SERVER_ERROR, [&] { return handle(r); });
}

int server_status(request_rec* r, int flags) noexcept {
  return guard(r->server, DECLINED, [&] {
    const auto* layout = segment();
    if (layout == nullptr) return DECLINED;
    const auto model = model_of(*layout);
    const bool lines = (flags & AP_STATUS_SHORT) != 0;
    const auto text = lines ? status::to_auto_lines(model) : status::to_html_section(model);
    ap_rwrite(text.data(), static_cast<int>(text.size()), r);
    return OK;
  });
}

}  // namespace wsflow::httpd
