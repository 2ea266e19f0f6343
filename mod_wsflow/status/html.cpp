#include "mod_wsflow/status/html.hpp"

#include "mod_wsflow/metrics/catalogue.hpp"
#include "mod_wsflow/status/html_limits.hpp"

namespace wsflow::status {

namespace {

constexpr std::string_view kStyle =
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#1d2733;"
    "background:#fff}table{border-collapse:collapse;margin:.5rem 0 1.5rem;width:100%}"
    "th,td{padding:.3rem .6rem;border-bottom:1px solid #d8dee6;text-align:right}"
    "th:first-child,td:first-child{text-align:left}th{font-weight:600;color:#51606f}"
    "h1{font-size:1.4rem}h2{font-size:1.05rem;margin-bottom:0}.big{font-size:1.6rem;font-weight:600}"
    "@media(prefers-color-scheme:dark){body{color:#dbe3ec;background:#14191f}th,td{border-color:#2c3641}"
    "th{color:#93a3b3}}";

std::string cell(std::uint64_t value) {
  return "<td>" + std::to_string(value) + "</td>";
}

std::string row(std::string_view label, std::uint64_t value) {
  return "<tr><td>" + escape_html(label) + "</td>" + cell(value) + "</tr>\n";
}

std::string summary(const Model& model) {
  return "<tr><td>active</td>" + cell(model.active()) + "</tr>\n" +
         row("of them on a worker thread", model.active_worker()) + row("keepers", model.keepers()) +
         row("opened in all", model.snapshot.sums[metrics::kTunnelsOpened]) +
         row("handshakes without a tunnel", model.sum(metrics::kRefused, base::kRefusals));
}

std::string relayed(const Model& model) {
  std::string out = "<tr><th></th><th>bytes</th><th>messages</th><th>frames</th></tr>\n";
  for (std::size_t i = 0; i < metrics::kDirections; ++i) {
    out +=
        std::string("<tr><td>") + (i == 0 ? "client to origin" : "origin to client") + "</td>" +
        cell(model.snapshot.sums[metrics::kBytes + i]) + cell(model.snapshot.sums[metrics::kMessages + i]) +
        cell(model.sum(metrics::kFrames + i * metrics::kOpcodeClasses, metrics::kOpcodeClasses)) + "</tr>\n";
  }
  return out;
}

std::string processes(const Model& model) {
  std::string out =
      "<tr><th>process</th><th>kind</th><th>generation</th><th>active</th><th>on a "
      "worker</th><th>opened</th><th>limit</th><th>bytes waiting</th></tr>\n";
  for (const auto& process : model.snapshot.processes) {
    out += "<tr><td>" + std::to_string(process.pid) + "</td><td>" + name(process.kind) + "</td>" +
           cell(process.generation) + cell(process.active + process.active_worker) +
           cell(process.active_worker) + cell(process.counters[metrics::kTunnelsOpened]) +
           cell(process.max_tunnels) + cell(process.buffered) + "</tr>\n";
  }
  return out;
}

// Only what has happened: a page of zeros tells nothing.
template <class Name>
std::string happened(const Model& model, std::size_t first, std::size_t count, Name&& name) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    if (const auto value = model.snapshot.sums[first + i]; value != 0) out += row(name(i), value);
  }
  return out.empty() ? "<tr><td>none</td></tr>\n" : out;
}

std::string table(std::string_view title, const std::string& rows) {
  return "<h2>" + escape_html(title) + "</h2>\n<table>\n" + rows + "</table>\n";
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out.push_back(c);
    }
  }
  return out;
}

std::string to_html(const Model& model) {
  const auto outcome = [](std::size_t i) { return base::name(static_cast<base::Outcome>(i)); };
  const auto refusal = [](std::size_t i) { return base::name(static_cast<base::Refusal>(i)); };
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>WSFlow "
      "status</title><style>";
  out.append(kStyle).append("</style></head><body>\n<h1>WSFlow status</h1>\n<p><span class=\"big\">");
  out += std::to_string(model.active()) + "</span> tunnels; mod_wsflow " + escape_html(model.version) +
         " in " + escape_html(model.server) + ", generation " + std::to_string(model.generation) + "</p>\n";
  out += table("Tunnels", summary(model));
  out += limits_with_forms(model);
  out += table("Relayed", relayed(model));
  out += table("How tunnels ended", happened(model, metrics::kTunnelsEnded, base::kOutcomes, outcome));
  out += table("Why handshakes got no tunnel", happened(model, metrics::kRefused, base::kRefusals, refusal));
  for (std::size_t i = 0; i < metrics::kDirections; ++i) {
    out += table(i == 0 ? "Close codes of clients" : "Close codes of origins",
                 happened(model, metrics::kCloses + i * metrics::kCloseCodes, metrics::kCloseCodes,
                          [](std::size_t code) { return metrics::close_code_name(code); }));
  }
  out += table("Processes", processes(model));
  return out + "</body></html>\n";
}

std::string to_html_section(const Model& model) {
  auto out = "<hr>\n<h3>WSFlow tunnels</h3>\n<table>\n" + summary(model) + "</table>\n<table>\n" +
             relayed(model) + "</table>\n";
  if (!model.limits.empty()) out += "<h3>WSFlow limits</h3>\n" + limits_table(model);
  return out;
}

}  // namespace wsflow::status
