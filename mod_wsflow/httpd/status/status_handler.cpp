#include "mod_wsflow/httpd/status/status_handler.hpp"

#include <string>
#include <string_view>

#include "mod_wsflow/base/text.hpp"
#include "mod_wsflow/base/utf8.hpp"
#include "mod_wsflow/httpd/dump/capacity_now.hpp"
#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/presence/presence.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/process/shared_segment.hpp"
#include "mod_wsflow/httpd/status/presence_search.hpp"
#include "mod_wsflow/httpd/status/status_actions.hpp"
#include "mod_wsflow/httpd/status/status_answer.hpp"
#include "mod_wsflow/httpd/status/status_model.hpp"
#include "mod_wsflow/os/random.hpp"
#include "mod_wsflow/status/auto_lines.hpp"
#include "mod_wsflow/status/html.hpp"
#include "mod_wsflow/status/json.hpp"
#include "mod_wsflow/status/metrics_text.hpp"
#include "mod_wsflow/version.h"

namespace wsflow::httpd {

namespace {

constexpr const char* kHtml = "text/html; charset=utf-8";

int send_metrics(request_rec* r, const status::Model& model) {
  const auto* accept = apr_table_get(r->headers_in, "Accept");
  const auto format = status::metrics_format(accept != nullptr ? accept : "");
  apr_table_mergen(r->headers_out, "Vary", "Accept");
  return send_document(r, HTTP_OK, status::content_type(format), status::to_metrics(model, format));
}

int answer(request_rec* r, const Process* process, shm::Layout& layout, const status::StatusQuery& query,
           std::shared_ptr<const presence::Search> search) {
  auto model = status_model(process, layout, query);
  model.presence.search = std::move(search);
  if (query.format == status::StatusFormat::json || query.format == status::StatusFormat::page)
    model.capacity = capacity_now(ap_server_conf, model.active());
  switch (query.format) {
    case status::StatusFormat::lines:
      return send_document(r, HTTP_OK, "text/plain; charset=utf-8", status::to_auto_lines(model));
    case status::StatusFormat::json:
      model.nonce = action_nonce(layout);
      return send_document(r, HTTP_OK, "application/json", status::to_json(model));
    case status::StatusFormat::metrics: return send_metrics(r, model);
    case status::StatusFormat::manual:
    case status::StatusFormat::page: break;
  }
  model.nonce = action_nonce(layout);
  base::Text<32> nonce;
  const std::string script_nonce(nonce.id(os::random64()).id(os::random64()).view());
  return send_document(r, HTTP_OK, kHtml, status::to_html(model, script_nonce), script_nonce);
}

int answer_search(request_rec* r, const Process& process, const status::StatusQuery& query,
                  std::shared_ptr<const presence::Search> search) {
  return answer(r, &process, process.segment, query, std::move(search));
}

int read_and_answer(request_rec* r, Process* process, shm::Layout& layout,
                    std::span<const status::DirectiveText> directives) {
  std::string wrong;
  const auto query = status::read_status_query(r->args != nullptr ? r->args : "", wrong);
  if (!query)
    return send_document(r, HTTP_BAD_REQUEST, "text/plain; charset=utf-8",
                         base::printable_utf8(wrong) + "\n");
  if (query->format == status::StatusFormat::manual)
    return send_document(r, HTTP_OK, kHtml, status::to_manual(directives, WSFLOW_VERSION));
  if (query->presence.empty() || process == nullptr || process->presence == nullptr)
    return answer(r, process, layout, *query, nullptr);
  return search_presence(*process, r, *query, answer_search);
}

int handle(Process* process, request_rec* r, std::span<const status::DirectiveText> directives) {
  ap_allow_methods(r, REPLACE_ALLOW, "GET", "POST", nullptr);
  // HEAD is M_GET with header_only.
  if (r->method_number != M_GET && r->method_number != M_POST) return HTTP_METHOD_NOT_ALLOWED;
  auto* layout = segment();
  if (layout == nullptr) return HTTP_SERVICE_UNAVAILABLE;
  if (r->method_number != M_POST) return read_and_answer(r, process, *layout, directives);
  return process != nullptr ? take_action(*process, r) : HTTP_SERVICE_UNAVAILABLE;
}

}  // namespace

int status_handler(request_rec* r, std::span<const status::DirectiveText> directives) noexcept {
  if (r->handler == nullptr || std::string_view(r->handler) != "wsflow-status") return DECLINED;
  return guard(r->server, HTTP_INTERNAL_SERVER_ERROR, [&] { return handle(child(), r, directives); });
}

int server_status(request_rec* r, int flags) noexcept {
  return guard(r->server, DECLINED, [&] {
    auto* layout = segment();
    if (layout == nullptr) return DECLINED;
    status::StatusQuery query;
    query.tunnels.count = 0;
    const auto model = status_model(child(), *layout, query);
    const bool lines = (flags & AP_STATUS_SHORT) != 0;
    const auto text = lines ? status::to_auto_lines(model) : status::to_html_section(model);
    ap_rwrite(text.data(), static_cast<int>(text.size()), r);
    return OK;
  });
}

}  // namespace wsflow::httpd
