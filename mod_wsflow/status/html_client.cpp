#include "mod_wsflow/status/html_parts.hpp"
#include "mod_wsflow/status/html_table.hpp"
#include "mod_wsflow/status/query_text.hpp"

namespace wsflow::status {

namespace {

std::string fact(const char* label, const std::string& value_html) {
  return std::string("<div><dt>") + label + "</dt><dd>" + value_html + "</dd></div>\n";
}

std::string asked(const shm::Selector& selector) {
  std::string out;
  const auto add = [&](const char* what, const std::string& value) {
    if (!value.empty()) out += (out.empty() ? "" : ", ") + std::string(what) + " " + html(value);
  };
  add("client", selector.client);
  add("user", selector.user);
  add("key", selector.key);
  if (!selector.key.empty()) out += " of limit " + html(selector.limit);
  return out;
}

std::string tunnels(const ClientView& client) {
  auto text = grouped(client.tunnels);
  if (client.summed < client.tunnels)
    text += " <small>(the sums are of " + grouped(client.summed) + " of them)</small>";
  return text;
}

std::string refusals(const shm::ClientRefusals& refusals) {
  if (refusals.refused == 0) return "none";
  return grouped(refusals.refused) + ", the last for " + state_word("warm", base::name(refusals.reason));
}

std::string limits(const ClientView& client) {
  std::string rows;
  const Columns columns = {{"limit"},         {"key"},         {"in use", true},
                           {"waiting", true}, {"peak", true},  {"admitted", true},
                           {"refused", true}, {"barred", true}};
  for (const auto& held : client.limits) {
    const auto& key = held.key;
    const bool full = held.permits != 0 && key.in_use >= held.permits;
    auto in_use = grouped(key.in_use);
    if (held.permits != 0)
      in_use = meter(key.in_use, held.permits, "permits in use") + in_use + " of " + grouped(held.permits);
    rows += columns.row(html(held.limit),
                        {html(key.text), in_use, grouped(key.waiting), grouped(key.peak),
                         grouped(key.admitted), grouped(key.refused),
                         held.barred_s != 0 ? state_word("bad", time_span(static_cast<double>(held.barred_s)))
                                            : std::string("no")},
                        held.barred_s != 0 ? " class=\"bad\""
                        : full             ? " class=\"warm\""
                                           : "");
  }
  std::string out;
  if (!rows.empty()) out += cards("Limits of the client", columns, rows);
  for (const auto& held : client.held)
    out += "<p class=\"note\">" + grouped(held.count) + " permits of limit " + html(held.limit) +
           ", which has no keys</p>\n";
  if (out.empty()) out = "<p class=\"note\">It holds no permit of a limit, and waits for none.</p>\n";
  return out;
}

}  // namespace

std::string one_client(const Model& model) {
  const auto& client = model.client;
  if (!client.wanted) return "";
  const auto size = [](std::uint64_t bytes) { return byte_size(static_cast<double>(bytes)); };
  auto out = "<section id=\"client\">" + heading("One client") + "<p>" + asked(model.query.selector) +
             " &middot; <a href=\"?\">everybody</a> &middot; <a href=\"?json&amp;" +
             escape_html(to_query(model.query)) + "\">JSON</a></p>\n<dl class=\"facts\">\n" +
             fact("tunnels", tunnels(client)) + fact("to origins", size(client.bytes[0])) +
             fact("to clients", size(client.bytes[1])) +
             fact("messages", grouped(client.messages[0]) + " and " + grouped(client.messages[1]));
  if (client.refused) {
    out += fact("refused this minute", refusals((*client.refused)[0])) +
           fact("in the minute before", refusals((*client.refused)[1]));
  }
  return out + "</dl>\n" + limits(client) + "</section>\n";
}

}  // namespace wsflow::status
