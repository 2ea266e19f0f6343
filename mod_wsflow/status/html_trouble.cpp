#include "mod_wsflow/status/html_parts.hpp"
#include "mod_wsflow/status/html_table.hpp"
#include "mod_wsflow/status/trouble.hpp"

namespace wsflow::status {

std::string trouble(const Model& model) {
  const auto list = troubles(model);
  if (list.empty())
    return "<section id=\"trouble\" class=\"calm\"><p><b>Nothing is wrong.</b> Limits, children and origins "
           "have "
           "room.</p></section>\n";
  std::string items;
  for (const auto& each : list) {
    items += std::string("<li class=\"") + (each.bad ? "bad" : "warm") + "\">" +
             state_word(each.bad ? "bad" : "warm", each.bad ? "bad" : "look") + " <a href=\"#" + each.part +
             "\">" + html(each.what) + "</a>";
    if (!each.more.empty()) items += " <span>" + html(each.more) + "</span>";
    items += "</li>\n";
  }
  return "<section id=\"trouble\">" + heading("Trouble") + "<ul class=\"troubles\">\n" + items +
         "</ul></section>\n";
}

}  // namespace wsflow::status
