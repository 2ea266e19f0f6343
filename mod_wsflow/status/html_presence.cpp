#include "mod_wsflow/base/rfc3339.hpp"
#include "mod_wsflow/metrics/catalogue.hpp"
#include "mod_wsflow/metrics/rates.hpp"
#include "mod_wsflow/status/chart.hpp"
#include "mod_wsflow/status/html_parts.hpp"
#include "mod_wsflow/status/html_table.hpp"

namespace wsflow::status {

namespace {

constexpr double kSecond = 1'000'000;
constexpr std::int64_t kNow_us = 15'000'000;  // the span that counts as "now"

std::string fact(const char* label, const std::string& value_html) {
  return "<tr>" + row_head(label) + number_cell(value_html) + "</tr>\n";
}

std::string ago(const Model& model, presence::Time time) {
  return time != 0 ? time_span(static_cast<double>(model.now_us - time) / kSecond) + " ago" : "never";
}

// What is wrong with the store, as far as the answering process knows; empty: nothing.
std::string store_trouble(const Model& model) {
  const auto& presence = model.presence;
  std::string text;
  if (presence.failing != 0)
    text = grouped(presence.failing) + (presence.failing == 1 ? " process" : " processes") +
           " cannot use the store";
  if (!presence.store) return text;
  const auto& view = *presence.store;
  if (view.failing) text += ": " + view.error;
  if (view.asked_at != 0 && model.now_us - view.asked_at > static_cast<presence::Time>(kSecond)) {
    text += text.empty() ? "" : "; ";
    text +=
        "it owes an answer since " + time_span(static_cast<double>(model.now_us - view.asked_at) / kSecond);
  }
  return text;
}

std::string nodes(const Model& model, const presence::StoreView& view) {
  std::string rows;
  for (const auto& node : view.nodes) {
    const auto left = static_cast<double>(node.left) / kSecond;
    rows += "<tr>" + row_head(html(node.node)) + number_cell(node.processes) + number_cell(node.keys) +
            number_cell(node.sockets) + number_cell(ago(model, node.renewed)) +
            number_cell(left > 0 ? time_span(left) : "over") + "</tr>\n";
  }
  return "<h3>Nodes, " + escape_html(ago(model, view.reported_at)) + "</h3>\n" +
         table("Nodes",
               column("node") + number_column("processes") + number_column("online") +
                   number_column("their tunnels") + number_column("renewed") + number_column("lease left"),
               rows);
}

std::string span_of(const Model& model, const presence::FoundSession& session) {
  const auto end = session.ended != 0 ? session.ended : model.now_us;
  return time_span(static_cast<double>(end - session.joined) / kSecond);
}

// The sessions of the keys that begin with a text, which the page's address has.
std::string search(const Model& model) {
  const auto& search = model.presence.search;
  auto out =
      std::string(
          "<form method=\"get\" action=\"?\" class=\"bar\">\n<label>sessions of <input name=\"presence\" ") +
      "size=\"24\" value=\"" + html(search ? search->text : std::string()) +
      "\"></label> <button>Find</button></form>\n";
  if (!search) return out;
  const std::string error = search->over ? search->error : kNoAnswer;
  if (!error.empty()) return out + "<p class=\"bad\">" + html(error) + "</p>\n";
  if (search->found.empty()) return out + "<p>No key begins so.</p>\n";
  std::string rows;
  for (const auto& session : search->found) {
    rows += "<tr>" + row_head(html(session.key)) + cell(html(session.name)) + cell(html(session.route)) +
            cell(base::rfc3339(session.joined)) +
            cell(session.ended != 0 ? base::rfc3339(session.ended) : std::string("online")) +
            number_cell(span_of(model, session)) + number_cell(session.sockets) + number_cell(session.most) +
            number_cell(byte_size(static_cast<double>(session.bytes))) + "</tr>\n";
  }
  return out + table("Sessions",
                     column("key") + column("list") + column("route") + column("joined") + column("ended") +
                         number_column("lasts") + number_column("tunnels") + number_column("at most") +
                         number_column("bytes"),
                     rows);
}

}  // namespace

std::string presence(const Model& model) {
  const auto& presence = model.presence;
  if (!presence.counted) return {};
  const auto& sums = model.snapshot.sums;
  const auto now = metrics::last(model.history, kNow_us);
  std::string out = "<section id=\"presence\">" + heading("Presence");
  if (const auto text = store_trouble(model); !text.empty())
    out += "<p class=\"bad\" role=\"alert\">" + html(text) + "</p>\n";
  std::string rows =
      fact("online here", grouped(presence.keys)) + fact("their tunnels", grouped(presence.sockets)) +
      fact("come now", in_unit(now.joins, Unit::per_second)) +
      fact("leave now", in_unit(now.leaves, Unit::per_second)) +
      fact("came in all", grouped(sums[metrics::kPresenceJoins])) +
      fact("left in all", grouped(sums[metrics::kPresenceLeaves])) +
      fact("changes that wait for the store", grouped(presence.waiting)) +
      fact("the first of them waits for", time_span(static_cast<double>(presence.lag_us) / kSecond)) +
      fact("lost from its history", grouped(sums[metrics::kPresenceLost]));
  if (presence.store) {
    rows += fact("online on all nodes", grouped(presence.store->keys)) +
            fact("tunnels of them", grouped(presence.store->sockets)) +
            fact("stored by the process that answers", ago(model, presence.store->stored_at));
  }
  out += "<div class=\"box\"><table>\n<tbody>\n" + rows + "</tbody></table></div>\n";
  if (presence.store) out += nodes(model, *presence.store) + search(model);
  return out + "</section>\n";
}

}  // namespace wsflow::status
