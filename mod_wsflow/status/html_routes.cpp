#include <algorithm>
#include <map>

#include "mod_wsflow/status/html_parts.hpp"
#include "mod_wsflow/status/html_table.hpp"
#include "mod_wsflow/status/query.hpp"
#include "mod_wsflow/status/query_text.hpp"

namespace wsflow::status {

namespace {

// Most routes on the page, for its length, and most origins of one; JSON has all of them.
constexpr std::size_t kMostRoutes = 25;
constexpr std::size_t kMostOrigins = 10;
constexpr const char* kNone = "&ndash;";

// A route with what all its origins have together. Borrowed from the model.
struct Route {
  const shm::RouteView* first = nullptr;
  std::vector<const shm::RouteView*> origins;
  std::uint64_t active = 0;
  std::uint64_t opened = 0;
  std::uint64_t refused = 0;
  std::uint64_t handshake_us = 0;
  std::array<std::uint64_t, 2> bytes{};
  bool drained = false;
};

// In the order of `views`, which is that of their texts.
std::vector<Route> routes_of(const std::vector<shm::RouteView>& views) {
  std::vector<Route> routes;
  for (const auto& view : views) {
    const bool same = !routes.empty() && routes.back().first->server == view.server &&
                      routes.back().first->route == view.route;
    if (!same) routes.push_back({.first = &view, .origins = {}});
    auto& route = routes.back();
    if (!view.origin.empty()) route.origins.push_back(&view);
    route.active += view.active;
    route.opened += view.opened;
    route.refused += view.refused;
    route.handshake_us += view.handshake_us;
    for (std::size_t i = 0; i < route.bytes.size(); ++i) route.bytes[i] += view.bytes[i];
    route.drained = route.drained || view.drained;
  }
  return routes;
}

// The busiest of them, in the order they have.
template <class One, class Busy>
std::vector<One> busiest(std::vector<One> all, std::size_t most, Busy busy) {
  if (all.size() <= most) return all;
  std::vector<std::size_t> order(all.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t left, std::size_t right) { return busy(all[left]) > busy(all[right]); });
  order.resize(most);
  std::sort(order.begin(), order.end());
  std::vector<One> result;
  for (const auto i : order) result.push_back(std::move(all[i]));
  return result;
}

std::string link(const shm::RouteView& route, const std::string& origin, const std::string& text) {
  shm::Query query{};
  query.selector.server = route.server;
  query.selector.route = route.route;
  query.selector.origin = origin;
  query.count = kPageCount;
  return "<a href=\"?" + escape_html(to_query(query)) + "#tunnels\">" + html(text) + "</a>";
}

std::string button(const char* action, const char* text, const char* kind = "") {
  return std::string("<button name=\"action\" value=\"") + action + "\"" + kind + ">" + text + "</button>\n";
}

std::string actions(const Model& model, const Route& route) {
  const auto begin = post_form(" class=\"inline\"", model.nonce, to_query(model.query)) +
                     hidden("server", route.first->server) + hidden("route", route.first->route);
  std::string out =
      "<details><summary>Actions of " + html(route.first->route) + "</summary>\n<div class=\"act\">";
  if (route.drained) {
    out += begin + button("undrain", "Take new tunnels again...") + "</form>\n";
  } else {
    out += begin + close_fields("1012", "10") + button("drain", "Drain the route...", " class=\"danger\"") +
           "</form>\n";
  }
  for (const auto* origin :
       busiest(route.origins, kMostOrigins, [](const auto* each) { return each->active; })) {
    out += begin + hidden("origin", origin->origin) + "<span>" + html(origin->origin) + "</span> " +
           close_fields("1001", "0") + button("close", "Close all of this origin...", " class=\"danger\"") +
           "</form>\n";
  }
  return out + "</div></details>";
}

// The workers of mod_proxy by the name that routes have for their origin; of several with one name the worst.
using States = std::map<std::string, const OriginView*>;

States states_of(const Model& model) {
  States states;
  for (const auto& origin : model.origins) {
    auto& known = states[origin.worker];
    if (known == nullptr || origin.state > known->state) known = &origin;
  }
  return states;
}

const char* kind_of(OriginState state) noexcept {
  if (is_used(state)) return "ok";
  return state == OriginState::error || state == OriginState::failed_check ? "bad" : "warm";
}

std::string mean(std::uint64_t handshake_us, std::uint64_t opened) {
  if (opened == 0) return kNone;
  return escape_html(time_span(static_cast<double>(handshake_us) / 1e6 / static_cast<double>(opened)));
}

std::string size(std::uint64_t bytes) {
  return byte_size(static_cast<double>(bytes));
}

std::string origin_row(const Columns& columns, const States& states, const shm::RouteView& view) {
  const auto found = states.find(view.origin);
  const auto* kind = found != states.end() ? kind_of(found->second->state) : "ok";
  const auto state =
      found != states.end() ? state_word(kind, name(found->second->state)) : std::string(kNone);
  return columns.row(link(view, view.origin, view.origin),
                     {state, grouped(view.active), grouped(view.opened), grouped(view.refused),
                      mean(view.handshake_us, view.opened), size(view.bytes[0]), size(view.bytes[1])},
                     (" class=\"origin " + std::string(kind) + "\"").c_str());
}

std::string body(const Model& model, const Columns& columns, const States& states, const Route& route) {
  const auto name =
      link(*route.first, "", route.first->route) + " <small>" + html(route.first->server) + "</small>";
  auto out = "<tbody>\n" +
             columns.row(name,
                         {route.drained ? state_word("warm", "drained") : state_word("ok", "open"),
                          grouped(route.active), grouped(route.opened), grouped(route.refused),
                          mean(route.handshake_us, route.opened), size(route.bytes[0]), size(route.bytes[1])},
                         route.drained ? " class=\"route warm\"" : " class=\"route\"");
  const auto origins = busiest(route.origins, kMostOrigins, [](const auto* each) { return each->active; });
  for (const auto* origin : origins) out += origin_row(columns, states, *origin);
  if (origins.size() < route.origins.size())
    out += columns.wide_row("note", "the " + grouped(origins.size()) + " busiest of " +
                                        grouped(route.origins.size()) + " origins");
  return out + columns.wide_row("acts", actions(model, route)) + "</tbody>\n";
}

// Workers of mod_proxy that are not used and that no row shows: a route may never have reached them.
std::string unseen(const Model& model) {
  std::string items;
  for (const auto& origin : model.origins) {
    const bool shown = std::any_of(model.routes.begin(), model.routes.end(),
                                   [&](const auto& route) { return route.origin == origin.worker; });
    if (shown || is_used(origin.state)) continue;
    const auto of = origin.balancer.empty() ? std::string() : " of " + html(origin.balancer);
    items += "<li>" + html(origin.worker) + of + " " + state_word(kind_of(origin.state), name(origin.state)) +
             "</li>\n";
  }
  if (items.empty()) return "";
  return "<p class=\"note\">Origins that are not in use, and that no tunnel has reached:</p>\n<ul>\n" +
         items + "</ul>\n";
}

}  // namespace

std::string routes_with_forms(const Model& model) {
  const auto others = unseen(model);
  if (model.routes.empty() && others.empty()) return "";
  const auto all = routes_of(model.routes);
  const auto shown =
      busiest(all, kMostRoutes, [](const Route& route) { return std::pair(route.active, route.opened); });
  const Columns columns = {{"route"},         {"state"},           {"tunnels", true},   {"opened", true},
                           {"refused", true}, {"handshake", true}, {"to origin", true}, {"to clients", true}};
  const auto states = states_of(model);
  std::string bodies;
  for (const auto& route : shown) bodies += body(model, columns, states, route);
  auto out = "<section id=\"routes\">" + heading("Routes and origins");
  if (!bodies.empty()) out += cards("Routes and origins", columns, bodies, true);
  if (shown.size() < all.size()) {
    out += "<p class=\"note\">the " + grouped(shown.size()) + " busiest of " + grouped(all.size()) +
           "; <a href=\"?json\">JSON</a> has all of them</p>\n";
  }
  return out + others + "</section>\n";
}

}  // namespace wsflow::status
