#include <array>

#include "mod_wsflow/status/catalogue_entry.hpp"
#include "mod_wsflow/status/html_parts.hpp"
#include "mod_wsflow/status/html_table.hpp"
#include "mod_wsflow/status/trouble.hpp"

namespace wsflow::status {

namespace {

std::string part(Word title, const std::string& table_html) {
  return "<div>" + heading(title) + table_html + "</div>\n";
}

// The values of a label that have occurred.
std::string happened(const Model& model, Word title, Word head, const metrics::Label& label,
                     const Entry& entry) {
  std::string rows;
  for (auto value = entry.skipped; value < label.count; ++value) {
    const auto count = value_of(narrowed(entry, label, value, {}), model.snapshot.sums);
    if (count != 0)
      rows += "<tr>" + row_head(escape_html(label.value(value))) + number_cell(count) + "</tr>\n";
  }
  if (rows.empty()) return part(title, "<p class=\"note\">none</p>\n");
  return part(title, table(title.text(), column(head) + number_column("count"), rows));
}

// The tables of a family under its title: one, or one for each value of the label in the title.
std::string tables(const Model& model, const metrics::Family& family, const metrics::Shown& shown) {
  const auto entry = entry_of(family, shown, {});
  const std::string_view labels = family.labels;
  const auto& last = metrics::label(labels.substr(labels.rfind(',') + 1));
  const auto pattern = Pattern::of(shown.title);
  if (pattern.label.empty())
    return happened(model, Word::of(shown.title), Word::of(shown.column), last, entry);
  const auto& label = metrics::label(pattern.label);
  std::string out;
  for (std::size_t value = 0; value < label.count; ++value) {
    const auto title = pattern.with(label.value(value));
    out += happened(model, Word::of(title), Word::of(shown.column), last, narrowed(entry, label, value, {}));
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

// Leads to all that is known of the client.
std::string client_link(const std::string& address) {
  return "<a href=\"?client=" + escape_html(escape_url(address)) + "#client\">" + escape_html(address) +
         "</a>";
}

// Clients that are refused again and again; nothing if there are none.
std::string refused_again(const Model& model) {
  if (model.loops.worst.empty()) return {};
  std::string rows;
  for (const auto& client : model.loops.worst)
    rows += "<tr>" + row_head(client_link(client.address)) + number_cell(std::uint64_t{client.refused}) +
            cell(base::name(client.reason)) + "</tr>\n";
  constexpr Word kTitle = "Refused again and again";
  return part(kTitle, table(kTitle.text(),
                            column("client") + number_column("in a minute") + column("last reason"), rows));
}

// How many were sent, how many answered, and after how long.
std::string pings(const Model& model) {
  const auto buckets = metrics::kRtt.buckets();
  std::string rows;
  for (const auto peer : {metrics::Direction::client_to_origin, metrics::Direction::origin_to_client}) {
    const auto first = metrics::ping_rtt(peer);
    const auto answered = model.sum(first, buckets);
    const auto seconds = static_cast<double>(model.snapshot.sums[first + buckets]) / metrics::kRtt.second;
    rows += "<tr>" + row_head(peer == metrics::Direction::client_to_origin ? "clients" : "origins") +
            number_cell(model.snapshot.sums[metrics::kPings(peer)]) + number_cell(answered) +
            number_cell(answered != 0 ? time_span(seconds / static_cast<double>(answered)) : "-") + "</tr>\n";
  }
  constexpr Word kTitle = "Pings";
  return part(kTitle, table(kTitle.text(),
                            column("to") + number_column("sent") + number_column("answered") +
                                number_column("mean round trip"),
                            rows));
}

std::string relayed(const Model& model) {
  std::string heads = column("direction");
  std::array<std::string, metrics::kDirections> cells;
  each_column([&](const metrics::Family& family, const metrics::Shown& shown) {
    if (shown.title != nullptr) return;
    heads += number_column(Word::of(shown.column));
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
  return out + refused_again(model) + pings(model) + relayed(model) + "</section>\n";
}

namespace {

constexpr const char* kKind[] = {"", " class=\"warm\"", " class=\"bad\""};

std::string of(std::uint64_t part, std::uint64_t whole, const char* what) {
  if (whole == 0) return grouped(part);
  return meter(part, whole, what) + grouped(part) + " of " + grouped(whole);
}

std::string state(const shm::ProcessView& process) {
  switch (fill_of(process)) {
    case Fill::room: break;
    case Fill::nearly: return state_word("warm", "nearly full");
    case Fill::full: return state_word("bad", "full");
  }
  return state_word("ok", "has room");
}

}  // namespace

std::string processes(const Model& model) {
  const Columns columns = {{"process"},
                           {"kind"},
                           {"state"},
                           {"generation", true},
                           {"age", true},
                           {"tunnels", true},
                           {"on a worker", true},
                           {"opened", true},
                           {"descriptors", true},
                           {"waiting to be written", true}};
  std::string rows;
  for (const auto& process : model.snapshot.processes) {
    const auto age = static_cast<double>((model.clock_us - process.began_us) / 1'000'000);
    rows += columns.row(
        std::to_string(process.pid),
        {name(process.kind), state(process), std::to_string(process.generation), escape_html(time_span(age)),
         of(process.active + process.active_worker,
            process.kind == shm::ProcessKind::child ? process.max_tunnels : 0, "tunnels"),
         grouped(process.active_worker), grouped(process.counters[metrics::kTunnelsOpened]),
         process.descriptors != 0 ? of(process.descriptors, process.descriptors_most, "descriptors")
                                  : "&ndash;",
         byte_size(static_cast<double>(process.buffered))},
        kKind[static_cast<std::size_t>(fill_of(process))]);
  }
  return "<section id=\"processes\">" + heading("Processes") + cards("Processes", columns, rows) +
         "</section>\n";
}

}  // namespace wsflow::status
