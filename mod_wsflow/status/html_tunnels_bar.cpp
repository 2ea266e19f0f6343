#include "mod_wsflow/status/html_tunnels_bar.hpp"

#include <algorithm>

#include "mod_wsflow/status/html_table.hpp"
#include "mod_wsflow/status/query.hpp"
#include "mod_wsflow/status/query_text.hpp"

namespace wsflow::status {

namespace {

struct Choice {
  const char* name;  // name of the field, in addresses and in forms
  std::string shm::Selector::*value;
};
constexpr Choice kChoices[] = {{"client", &shm::Selector::client}, {"user", &shm::Selector::user},
                               {"server", &shm::Selector::server}, {"route", &shm::Selector::route},
                               {"origin", &shm::Selector::origin}, {"limit", &shm::Selector::limit},
                               {"key", &shm::Selector::key}};

bool is_any_chosen(const shm::Selector& selector) noexcept {
  return std::any_of(std::begin(kChoices), std::end(kChoices),
                     [&](const Choice& choice) { return !(selector.*choice.value).empty(); });
}

// The search form. It keeps the order and the exact selections.
std::string search(const shm::Query& query) {
  std::string out =
      "<form method=\"get\" action=\"#tunnels\" class=\"inline\" role=\"search\">"
      "<label>Filter <input type=\"search\" name=\"filter\" size=\"24\" value=\"" +
      html(query.selector.part) + "\" placeholder=\"client, user, route, origin\"></label>\n";
  if (query.sort != shm::SortBy::row || query.descending) {
    out += hidden("sort", name(query.sort)) + hidden("dir", query.descending ? "desc" : "asc");
  }
  for (const auto& choice : kChoices) {
    const auto& value = query.selector.*choice.value;
    if (!value.empty()) out += hidden(choice.name, value);
  }
  if (query.count != kPageCount) out += hidden("count", std::to_string(query.count));
  return out + "<button>Filter</button></form>\n";
}

std::string chips(const shm::Query& query) {
  std::string out;
  for (const auto& choice : kChoices) {
    const auto& value = query.selector.*choice.value;
    if (value.empty()) continue;
    auto without = query;
    without.first = 0;
    (without.selector.*choice.value).clear();
    // A key is one of its limit.
    if (choice.value == &shm::Selector::limit || choice.value == &shm::Selector::key)
      without.selector.limit = without.selector.key = {};
    out += "<span class=\"chip\">" + std::string(choice.name) + " " + html(value) + " " +
           page_link(without, "any") + "</span>\n";
  }
  return out;
}

// The form that closes all selected tunnels. Empty with a filter: its inexact matches are for viewing only.
std::string close_all(const Model& model) {
  const auto& selector = model.query.selector;
  if (!is_any_chosen(selector) || !selector.part.empty() || model.connections.matched == 0) return "";
  auto out = "<details><summary>Close all " + grouped(model.connections.matched) + "</summary>" +
             post_form(" class=\"inline\"", model.nonce, to_query(model.query)) + hidden("action", "close");
  for (const auto& choice : kChoices) {
    const auto& value = selector.*choice.value;
    if (!value.empty()) out += hidden(choice.name, value);
  }
  return out + close_fields("1001", "0") +
         "<button class=\"danger\">Close all of them</button></form></details>\n";
}

std::string shown(const Model& model) {
  const auto& page = model.connections;
  auto matched = grouped(page.matched);
  if (page.matched != page.total) matched += " of " + grouped(page.total);
  if (page.tunnels.size() == page.matched) return matched + (page.matched == 1 ? " tunnel" : " tunnels");
  if (page.tunnels.empty()) return "none here of " + matched;
  const auto first = model.query.first + 1;
  return grouped(first) + "&ndash;" + grouped(first + page.tunnels.size() - 1) + " of " + matched;
}

}  // namespace

std::string page_link(const shm::Query& query, std::string_view text, const char* attributes_html) {
  return "<a href=\"?" + escape_html(to_query(query)) + "#tunnels\"" + attributes_html + ">" + html(text) +
         "</a>";
}

std::string tunnels_bar(const Model& model) {
  auto out = "<div class=\"bar\">" + search(model.query) + chips(model.query) + "<span class=\"note\">" +
             shown(model) + "</span>\n";
  if (model.connections.tunnels.empty() && model.query.first != 0) {
    auto begin = model.query;
    begin.first = 0;
    out += page_link(begin, "first");
  }
  return out + close_all(model) + "</div>\n";
}

std::string pages(const Model& model) {
  const auto& query = model.query;
  const auto matched = model.connections.matched;
  const auto count = std::max<std::uint64_t>(query.count, 1);
  if (matched <= count && query.first == 0) return "";
  std::string out = "<nav class=\"bar\" aria-label=\"Pages\">";
  const auto add = [&](bool there_is, std::uint64_t first, const char* text) {
    if (!there_is) return;
    auto other = query;
    other.first = first;
    out += page_link(other, text) + "\n";
  };
  const auto last = matched == 0 ? 0 : (matched - 1) / count * count;
  const bool before = query.first > 0;
  const bool after = query.first < matched && matched - query.first > count;
  add(before, 0, "first");
  add(before, query.first - std::min<std::uint64_t>(query.first, count), "previous");
  out += "<span class=\"note\">" + shown(model) + "</span>\n";
  add(after, query.first + count, "next");
  add(after, last, "last");
  return out + "</nav>\n";
}

}  // namespace wsflow::status
