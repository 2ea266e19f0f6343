#include "mod_wsflow/status/json_capacity.hpp"

#include "mod_wsflow/capacity/arithmetic.hpp"
#include "mod_wsflow/capacity/capacity_table.hpp"

namespace wsflow::status {

void write_capacity(Writer& writer, const Model& model) {
  if (!model.capacity) return;
  const auto& facts = *model.capacity;
  const auto findings = capacity::examine(facts);
  const auto* first = capacity::first_limit(findings);
  begin_object(writer, "capacity");
  number_or_null(writer, "carried", first != nullptr ? capacity::Count(first->carried) : std::nullopt);
  text_or_null(writer, "first", first != nullptr ? first->row->name : "");
  number(writer, "children_kept", capacity::kept_children(facts));
  write_key(writer, "bounds");
  writer.StartArray();
  for (const auto& finding : findings) {
    writer.StartObject();
    text(writer, "bound", finding.row->name);
    text(writer, "effect", capacity::name(finding.row->effect));
    number(writer, "tunnels_at_most", finding.carried);
    text(writer, "because", finding.row->because(facts));
    writer.EndObject();
  }
  writer.EndArray();
  writer.EndObject();
}

}  // namespace wsflow::status
