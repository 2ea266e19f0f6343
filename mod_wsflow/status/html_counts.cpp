#include "mod_wsflow/metrics/catalogue.hpp"
#include "mod_wsflow/status/html_parts.hpp"
#include "mod_wsflow/status/html_table.hpp"

namespace wsflow::status {

namespace {

std::string part(const char* title, const std::string& table_html) {
  return std::string("<div><h2>") + title + "</h2>\n" + table_html + "</div>\n";
}

// Only what has happened: a page of zeros tells nothing.
template <class Name>
std::string happened(const Model& model, const char* title, std::size_t first, std::size_t count,
                     const char* what, Name&& name) {
  std::string rows;
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = model.snapshot.sums[first + i];
    if (value != 0) rows += "<tr>" + row_head(escape_html(name(i))) + number_cell(value) + "</tr>\n";
  }
  if (rows.empty()) return part(title, "<p class=\"note\">none</p>\n");
  return part(title, table(title, column(what) + number_column("count"), rows));
}

std::string relayed(const Model& model) {
  std::string rows;
  for (std::size_t i = 0; i < metrics::kDirections; ++i) {
    const auto& sums = model.snapshot.sums;
    rows += "<tr>" + row_head(i == 0 ? "to origins" : "to clients") +
            number_cell(byte_size(static_cast<double>(sums[metrics::kBytes + i]))) +
            number_cell(sums[metrics::kMessages + i]) +
            number_cell(model.sum(metrics::kFrames + i * metrics::kOpcodeClasses, metrics::kOpcodeClasses)) +
            "</tr>\n";
  }
  return part(
      "Relayed",
      table("Relayed",
            column("") + number_column("bytes") + number_column("messages") + number_column("frames"), rows));
}

}  // namespace

std::string what_happened(const Model& model) {
  const auto outcome = [](std::size_t i) { return base::name(static_cast<base::Outcome>(i)); };
  const auto refusal = [](std::size_t i) { return base::name(static_cast<base::HandshakeRefusal>(i)); };
  const auto code = [](std::size_t i) { return metrics::close_code_name(i); };
  const auto origins = metrics::kCloses + metrics::kCloseCodes;
  return "<section id=\"ended\" class=\"cols\">\n" +
         happened(model, "How tunnels ended", metrics::kTunnelsEnded, base::kOutcomes, "outcome", outcome) +
         happened(model, "Why handshakes got no tunnel", metrics::kRefused, base::kHandshakeRefusals,
                  "reason", refusal) +
         happened(model, "Close codes of clients", metrics::kCloses, metrics::kCloseCodes, "code", code) +
         happened(model, "Close codes of origins", origins, metrics::kCloseCodes, "code", code) +
         relayed(model) + "</section>\n";
}

std::string processes(const Model& model) {
  std::string rows;
  for (const auto& process : model.snapshot.processes) {
    const auto age = static_cast<double>((model.clock_us - process.began_us) / 1'000'000);
    rows += "<tr>" + row_head(std::to_string(process.pid)) + cell(name(process.kind)) +
            number_cell(std::to_string(process.generation)) + number_cell(time_span(age)) +
            number_cell(process.active + process.active_worker) + number_cell(process.active_worker) +
            number_cell(process.counters[metrics::kTunnelsOpened]) + number_cell(process.max_tunnels) +
            number_cell(byte_size(static_cast<double>(process.buffered))) + "</tr>\n";
  }
  return "<section id=\"processes\"><h2>Processes</h2>\n" +
         table("Processes",
               column("process") + column("kind") + number_column("generation") + number_column("age") +
                   number_column("tunnels") + number_column("on a worker") + number_column("opened") +
                   number_column("at most") + number_column("waiting to be written"),
               rows) +
         "</section>\n";
}

}  // namespace wsflow::status
