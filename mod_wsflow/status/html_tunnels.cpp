#include <algorithm>
#include <cmath>

#include "mod_wsflow/base/text.hpp"
#include "mod_wsflow/status/html_parts.hpp"
#include "mod_wsflow/status/html_table.hpp"
#include "mod_wsflow/status/html_tunnels_bar.hpp"
#include "mod_wsflow/status/query_text.hpp"

namespace wsflow::status {

namespace {

constexpr const char* kNone = "&ndash;";

std::string id_text(std::uint64_t id) {
  base::Text<16> text;
  return std::string(text.id(id).view());
}

// A link in the head of a column. The first of two links stands above the second, as their values do in the
// rows.
struct SortLink {
  const char* title;
  shm::SortBy sort;
  bool greatest_first;
};
struct Column {
  SortLink first;
  SortLink second;  // no title: no second link
  const char* on;   // a note below the title
  const char* kind;
};
constexpr SortLink kNoSortLink = {nullptr, shm::SortBy::row, false};
constexpr Column kColumns[] = {
    {{"client", shm::SortBy::client, false}, {"user, keys", shm::SortBy::user, false}, "", ""},
    {{"route", shm::SortBy::route, false}, {"origin", shm::SortBy::origin, false}, "", ""},
    {{"state", shm::SortBy::state, false}, kNoSortLink, "TLS", ""},
    {{"age", shm::SortBy::age, true}, kNoSortLink, "", " class=\"n\""},
    {{"idle", shm::SortBy::idle, true}, kNoSortLink, "", " class=\"n\""},
    {{"bytes", shm::SortBy::bytes, true}, kNoSortLink, "to origin, client", " class=\"n\""},
    {{"messages", shm::SortBy::messages, true}, kNoSortLink, "to origin, client", " class=\"n\""},
    {{"RTT", shm::SortBy::rtt, true}, kNoSortLink, "client, origin", " class=\"n\""},
};

// A link that sorts by `order`; reverses the direction if the page is sorted by it.
std::string order_link(const shm::Query& query, const SortLink& order) {
  auto other = query;
  other.first = 0;
  other.sort = order.sort;
  const bool is_sorted = query.sort == order.sort;
  other.descending = is_sorted ? !query.descending : order.greatest_first;
  const std::string kind = !is_sorted ? "" : query.descending ? " class=\"down\"" : " class=\"up\"";
  const auto* term = find_term(order.title);
  const auto title = term != nullptr ? " title=\"" + escape_html(term->meaning) + "\"" : std::string();
  return page_link(other, order.title, (kind + title).c_str());
}

std::string column_head(const shm::Query& query, const Column& column) {
  std::string out = "<th scope=\"col\"" + std::string(column.kind);
  const bool second = column.second.title != nullptr;
  if (query.sort == column.first.sort || (second && query.sort == column.second.sort)) {
    out += query.descending ? " aria-sort=\"descending\"" : " aria-sort=\"ascending\"";
  }
  out.append(">").append(order_link(query, column.first)).append("<br>");
  if (second) return out + order_link(query, column.second) + "</th>";
  return out + "<small>" + column.on + "</small></th>";
}

std::string columns(const shm::Query& query) {
  std::string out = column("id");
  for (const auto& each : kColumns) out += column_head(query, each);
  return out + column("close");
}

// A link to all tunnels with the same value.
std::string same_link(const shm::Query& query, std::string shm::Selector::*which, const std::string& value) {
  if (value.empty()) return kNone;
  auto other = query;
  other.first = 0;
  other.selector.*which = value;
  return page_link(other, value);
}

std::string tls(std::uint16_t traits) {
  const bool client = (traits & shm::trait::kClientTls) != 0;
  const bool origin = (traits & shm::trait::kOriginTls) != 0;
  if (client && origin) return "TLS both";
  return client ? "TLS client" : origin ? "TLS origin" : "no TLS";
}

std::string state(std::uint16_t traits) {
  const std::string text = state_of(traits);
  const auto on_worker = (traits & shm::trait::kOnWorker) != 0 ? text + ", worker" : text;
  return text == "open" ? on_worker : "<span class=\"" + text + "\">" + on_worker + "</span>";
}

std::string rtt(std::optional<std::uint32_t> ms) {
  return ms ? escape_html(time_span(std::max(*ms, 1U) / 1000.0)) : std::string(kNone);
}

std::string user_and_keys(const Model& model, std::size_t number) {
  const auto& user = model.connections.tunnels[number].user;
  auto out = user.empty() ? std::string() : same_link(model.query, &shm::Selector::user, user);
  if (number >= model.keys.size()) return out;
  for (const auto& key : model.keys[number])
    out += (out.empty() ? "" : ", ") + html(key.limit + ": " + key.text);
  return out;
}

std::string two_lines(const std::string& first_html, const std::string& second_html, const char* kind) {
  return std::string("<td class=\"") + kind + "\">" + first_html + "<br>" + second_html + "</td>";
}

std::string small(const std::string& html) {
  return "<small>" + html + "</small>";
}

// A row of two lines. Of a pair of values, the client's stands above the origin's.
std::string row(const Model& model, std::size_t number) {
  const auto& tunnel = model.connections.tunnels[number];
  const auto id = id_text(tunnel.id);
  const auto age = static_cast<double>(std::max<std::int64_t>(model.clock_us - tunnel.began_us, 0)) / 1e6;
  const auto idle = std::max(age - tunnel.active, 0.0);
  const auto time = [](double seconds) { return number_cell(escape_html(time_span(std::floor(seconds)))); };
  const auto size = [](std::uint64_t bytes) { return byte_size(static_cast<double>(bytes)); };
  auto out = "<tr id=\"t" + id + "\"><th scope=\"row\"><span class=\"id\">" + id + "</span><br>" +
             small(std::string(name(tunnel.kind)) + " " + std::to_string(tunnel.pid)) + "</th>" +
             two_lines(same_link(model.query, &shm::Selector::client, tunnel.client),
                       small(user_and_keys(model, number)), "t") +
             two_lines(same_link(model.query, &shm::Selector::route, tunnel.route),
                       small(same_link(model.query, &shm::Selector::origin, tunnel.origin)), "t") +
             two_lines(state(tunnel.traits), small(tls(tunnel.traits)), "") + time(age) + time(idle) +
             two_lines(size(tunnel.bytes[0]), size(tunnel.bytes[1]), "n") +
             two_lines(grouped(tunnel.messages[0]), grouped(tunnel.messages[1]), "n") +
             two_lines(rtt(tunnel.rtt_ms[0]), rtt(tunnel.rtt_ms[1]), "n");
  return out + "<td><button form=\"close-one\" name=\"id\" value=\"" + id + "\" aria-label=\"Close " + id +
         "\" class=\"danger\">Close</button></td></tr>\n";
}

}  // namespace

std::string tunnels_with_forms(const Model& model) {
  std::string rows;
  for (std::size_t i = 0; i < model.connections.tunnels.size(); ++i) rows += row(model, i);
  auto out = "<section id=\"tunnels\">" + heading("Tunnels") + tunnels_bar(model);
  if (!rows.empty()) out += table("Tunnels", columns(model.query), rows) + pages(model);
  // The buttons in the rows belong to this form.
  out += post_form(" id=\"close-one\"", model.nonce, to_query(model.query)) + hidden("action", "close") +
         "</form>\n";
  return out + "</section>\n";
}

}  // namespace wsflow::status
