#include <array>

#include "mod_wsflow/status/catalogue_entry.hpp"
#include "mod_wsflow/status/html_parts.hpp"
#include "mod_wsflow/status/html_table.hpp"

namespace wsflow::status {

namespace {

std::string part(const std::string& title, const std::string& table_html) {
  return "<div><h2>" + title + "</h2>\n" + table_html + "</div>\n";
}

// The values of a label that have occurred.
std::string happened(const Model& model, const std::string& title, const char* head,
                     const metrics::Label& label, const Entry& entry) {
  std::string rows;
  for (auto value = entry.skipped; value < label.count; ++value) {
    const auto count = value_of(narrowed(entry, label, value, {}), model.snapshot.sums);
    if (count != 0)
      rows += "<tr>" + row_head(escape_html(label.value(value))) + number_cell(count) + "</tr>\n";
  }
  if (rows.empty()) return part(title, "<p class=\"note\">none</p>\n");
  return part(title, table(title, column(head) + number_column("count"), rows));
}

// The tables of a family under its title: one, or one for each value of the label in the title.
std::string tables(const Model& model, const metrics::Family& family, const metrics::Shown& shown) {
  const auto entry = entry_of(family, shown, {});
  const std::string_view labels = family.labels;
  const auto& last = metrics::label(labels.substr(labels.rfind(',') + 1));
  const auto pattern = Pattern::of(shown.title);
  if (pattern.label.empty()) return happened(model, shown.title, shown.column, last, entry);
  const auto& label = metrics::label(pattern.label);
  std::string out;
  for (std::size_t value = 0; value < label.count; ++value) {
    out += happened(model, pattern.with(label.value(value)), shown.column, last,
                    narrowed(entry, label, value, {}));
  }
  return out;
}

// Every number of the catalogue that the page shows, with its family.
template <class Visit>
void each_column(Visit&& visit) {
  for (const auto& family : metrics::families()) {
    for (const auto& shown : family.shown) {
      if (shown.column != nullptr) visit(family, shown);
    }
  }
}

std::string relayed(const Model& model) {
  std::string heads = column("");
  std::array<std::string, metrics::kDirections> cells;
  each_column([&](const metrics::Family& family, const metrics::Shown& shown) {
    if (shown.title != nullptr) return;
    heads += number_column(shown.column);
    const bool is_size = std::string_view(family.metric).ends_with("_bytes_total");
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const auto entry = narrowed(entry_of(family, shown, {}), metrics::label("direction"), i, {});
      const auto value = value_of(entry, model.snapshot.sums);
      cells[i] += is_size ? number_cell(byte_size(static_cast<double>(value))) : number_cell(value);
    }
  });
  std::string rows;
  for (std::size_t i = 0; i < cells.size(); ++i)
    rows += "<tr>" + row_head(i == 0 ? "to origins" : "to clients") + cells[i] + "</tr>\n";
  return part("Relayed", table("Relayed", heads, rows));
}

}  // namespace

std::string what_happened(const Model& model) {
  std::string out = "<section id=\"ended\" class=\"cols\">\n";
  each_column([&](const metrics::Family& family, const metrics::Shown& shown) {
    if (shown.title != nullptr) out += tables(model, family, shown);
  });
  return out + relayed(model) + "</section>\n";
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
