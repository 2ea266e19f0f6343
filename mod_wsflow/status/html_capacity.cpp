#include "mod_wsflow/capacity/arithmetic.hpp"
#include "mod_wsflow/capacity/capacity_table.hpp"
#include "mod_wsflow/status/html_parts.hpp"
#include "mod_wsflow/status/html_table.hpp"

namespace wsflow::status {

namespace {

std::string rows_of(std::span<const capacity::Finding> findings, const capacity::Facts& facts) {
  std::string rows;
  for (const auto& finding : findings) {
    // What is no number of tunnels is a state.
    const auto carried = finding.carried != 0 ? grouped(finding.carried) : std::string("-");
    rows += "<tr>" + row_head(escape_html(finding.row->what)) + number_cell(carried) +
            cell(finding.row->effect == capacity::Effect::refuses ? "refuses" : "hurts") +
            cell(escape_html(finding.row->because(facts))) + "</tr>\n";
  }
  return rows;
}

}  // namespace

std::string capacity_part(const Model& model) {
  if (!model.capacity) return {};
  const auto& facts = *model.capacity;
  const auto findings = capacity::examine(facts);
  const auto* first = capacity::first_limit(findings);
  if (first == nullptr) return {};
  const auto active = std::to_string(model.active());
  return "<section id=\"capacity\">" + heading("Capacity") + "<p>" + grouped(model.active()) + " of " +
         grouped(first->carried) + " tunnels <meter min=\"0\" max=\"" + std::to_string(first->carried) +
         "\" value=\"" + active + "\">" + active + "</meter>; first come " + escape_html(first->row->what) +
         ". <code>wsflow-doctor --tunnels N</code> says what to write for more.</p>\n" +
         table("Capacity",
               column("bound") + number_column("carried") + column("beyond it") + column("because"),
               rows_of(findings, facts)) +
         "</section>\n";
}

}  // namespace wsflow::status
