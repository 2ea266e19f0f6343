#include "mod_wsflow/status/html.hpp"

#include "mod_wsflow/metrics/catalogue.hpp"
#include "mod_wsflow/status/html_limits.hpp"
#include "mod_wsflow/status/html_page.hpp"
#include "mod_wsflow/status/html_parts.hpp"
#include "mod_wsflow/status/html_table.hpp"

namespace wsflow::status {

namespace {

std::string fact(const char* label, std::uint64_t value) {
  return "<tr>" + row_head(label) + number_cell(value) + "</tr>\n";
}

// Links to the parts that the page has.
std::string navigation(const Model& model) {
  const auto link = [](bool there_is, const char* part, const char* text) {
    return there_is ? std::string("<a href=\"#") + part + "\">" + text + "</a>\n" : std::string();
  };
  return "<nav class=\"bar\" aria-label=\"Parts\">" + link(model.client.wanted, "client", "One client") +
         link(!model.routes.empty(), "routes", "Routes") + link(!model.limits.empty(), "limits", "Limits") +
         link(model.presence.counted, "presence", "Presence") + link(true, "ended", "Ends and refusals") +
         link(true, "processes", "Processes") + link(model.capacity.has_value(), "capacity", "Capacity") +
         link(true, "tunnels", "Tunnels") +
         "<span class=\"formats\"><a href=\"?json\">JSON</a> <a href=\"?auto\">lines</a> "
         "<a href=\"?metrics\">metrics</a> <a href=\"?manual\">directives</a> "
         "<a href=\"#words\">what the words mean</a></span></nav>\n";
}

std::string words() {
  return "<details id=\"words\"><summary>What the words mean</summary>\n" + words_list() +
         "<p>More: <a href=\"?manual\">the directives</a>, <code>man 8 mod_wsflow</code>, and the pages "
         "operating.md, flow-control.md and status-formats.md of the module.</p></details>\n";
}

}  // namespace

std::string to_html(const Model& model, std::string_view script_nonce) {
  auto out = page_begin(model.host.empty() ? "WSFlow status" : "WSFlow status of " + html(model.host)) +
             "<header><h1>WSFlow status";
  if (!model.host.empty()) out += " <small>" + html(model.host) + "</small>";
  out += "</h1>";
  out +=
      "<span id=\"state\"></span><button id=\"pause\" aria-pressed=\"false\" hidden>Pause</button></header>\n"
      "<main id=\"main\">\n";
  out += trouble(model) + navigation(model) + one_client(model) + overview(model) + routes_with_forms(model) +
         limits_with_forms(model) + presence(model) + what_happened(model) + processes(model) +
         capacity_part(model) + tunnels_with_forms(model) + words();
  out += "</main>\n<div id=\"tip\" hidden></div>\n<script nonce=\"" + escape_html(script_nonce) + "\">";
  return out.append(kPageScript).append("</script>\n</body></html>\n");
}

std::string to_html_section(const Model& model) {
  auto out = "<hr>\n<h2>WSFlow tunnels</h2>\n<table>\n" + fact("active", model.active()) +
             fact("of them on a worker thread", model.active_worker()) + fact("keepers", model.keepers()) +
             fact("opened in all", model.snapshot.sums[metrics::kTunnelsOpened]) +
             fact("handshakes without a tunnel", model.sum(metrics::kRefused)) +
             fact("bytes relayed", model.sum(metrics::kBytes)) +
             fact("messages relayed", model.sum(metrics::kMessages)) + "</table>\n";
  if (!model.limits.empty()) out += "<h2>WSFlow limits</h2>\n" + limits_table(model);
  return ascii_html(out);
}

}  // namespace wsflow::status
