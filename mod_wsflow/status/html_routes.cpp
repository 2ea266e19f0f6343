#include <algorithm>

#include "mod_wsflow/status/html_parts.hpp"
#include "mod_wsflow/status/html_table.hpp"
#include "mod_wsflow/status/query.hpp"
#include "mod_wsflow/status/query_text.hpp"

namespace wsflow::status {

namespace {

// Most routes on the page, for its length; JSON has all of them.
constexpr std::size_t kMostRoutes = 25;

// The busiest routes, in the order of `routes`.
std::vector<const shm::RouteView*> busiest(const std::vector<shm::RouteView>& routes) {
  std::vector<const shm::RouteView*> result;
  for (const auto& route : routes) result.push_back(&route);
  if (result.size() <= kMostRoutes) return result;
  std::stable_sort(result.begin(), result.end(), [](const auto* left, const auto* right) {
    return left->active != right->active ? left->active > right->active : left->opened > right->opened;
  });
  result.resize(kMostRoutes);
  std::sort(result.begin(), result.end());
  return result;
}

std::string link(const shm::RouteView& route) {
  shm::Query query{};
  query.selector.server = route.server;
  query.selector.route = route.route;
  query.selector.origin = route.origin;
  query.count = kPageCount;
  return "<a href=\"?" + escape_html(to_query(query)) + "#tunnels\">" + html(route.route) + "</a>";
}

std::string button(const char* action, const char* text, const char* kind = "") {
  return std::string("<button name=\"action\" value=\"") + action + "\"" + kind + ">" + text + "</button>\n";
}

std::string forms(const Model& model, const shm::RouteView& route, const std::string& back) {
  const auto begin = post_form(" class=\"inline\"", model.nonce, back) + hidden("server", route.server) +
                     hidden("route", route.route);
  std::string out = "<details><summary>Actions</summary>\n";
  if (route.drained) {
    out += begin + button("undrain", "Take new tunnels again") + "</form>\n";
  } else {
    out += begin + close_fields("1012", "10") + button("drain", "Drain the route", " class=\"danger\"") +
           "</form>\n";
  }
  if (!route.origin.empty()) {
    out += begin + hidden("origin", route.origin) + close_fields("1001", "0") +
           button("close", "Close all of this origin", " class=\"danger\"") + "</form>\n";
  }
  return out + "</details>";
}

std::string rows(const Model& model, const std::vector<const shm::RouteView*>& routes) {
  const auto back = to_query(model.query);
  std::string out;
  for (const auto* route : routes) {
    const auto mean =
        route->opened != 0 ? escape_html(time_span(route->handshake_mean)) : std::string("&ndash;");
    out += "<tr>" +
           row_head(link(*route) + (route->drained ? " <span class=\"closed\">drained</span>" : "")) +
           "<td class=\"t\">" + html(route->server) + "</td>" +
           cell(route->origin.empty() ? "&ndash;" : html(route->origin)) + number_cell(route->active) +
           number_cell(route->opened) + number_cell(route->refused) + number_cell(mean) +
           number_cell(byte_size(static_cast<double>(route->bytes[0]))) +
           number_cell(byte_size(static_cast<double>(route->bytes[1]))) + cell(forms(model, *route, back)) +
           "</tr>\n";
  }
  return out;
}

}  // namespace

std::string routes_with_forms(const Model& model) {
  if (model.routes.empty()) return "";
  const auto shown = busiest(model.routes);
  auto out = "<section id=\"routes\"><h2>Routes and origins</h2>\n" +
             table("Routes and origins",
                   column("route") + column("server") + column("origin") + number_column("tunnels") +
                       number_column("opened") + number_column("refused") + number_column("handshake") +
                       number_column("to origin") + number_column("to clients") + column("actions"),
                   rows(model, shown));
  if (shown.size() < model.routes.size()) {
    out += "<p class=\"note\">the " + grouped(shown.size()) + " busiest of " + grouped(model.routes.size()) +
           "; <a href=\"?json\">JSON</a> has all of them</p>\n";
  }
  return out + "</section>\n";
}

}  // namespace wsflow::status
