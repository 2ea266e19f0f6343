#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mod_wsflow/status/html_text.hpp"

namespace wsflow::status {

// Pieces of tables and forms. A parameter `html` is inserted as it is, `text` is escaped.

inline std::string cell(std::string_view html) {
  return "<td>" + std::string(html) + "</td>";
}
inline std::string number_cell(std::string_view html) {
  return "<td class=\"n\">" + std::string(html) + "</td>";
}
inline std::string number_cell(std::uint64_t value) {
  return number_cell(grouped(value));
}
inline std::string row_head(std::string_view html) {
  return "<th scope=\"row\">" + std::string(html) + "</th>";
}
inline std::string column(std::string_view text) {
  return "<th scope=\"col\">" + escape_html(text) + "</th>";
}
inline std::string number_column(std::string_view text) {
  return "<th scope=\"col\" class=\"n\">" + escape_html(text) + "</th>";
}

// A table that scrolls within its own box, with the keyboard too.
inline std::string table(std::string_view text, const std::string& columns_html,
                         const std::string& rows_html) {
  return "<div class=\"box\" tabindex=\"0\" role=\"region\" aria-label=\"" + escape_html(text) +
         "\"><table>\n<thead><tr>" + columns_html + "</tr></thead>\n<tbody>\n" + rows_html +
         "</tbody></table></div>\n";
}

// A hidden field. A text that is not UTF-8 comes back changed.
inline std::string hidden(const char* name, std::string_view text) {
  return std::string("<input type=\"hidden\" name=\"") + name + "\" value=\"" + html(text) + "\">";
}

// The beginning of a form that changes something. `back`: the page's own query.
inline std::string post_form(const char* attributes_html, std::string_view nonce, std::string_view back) {
  auto out = std::string("<form method=\"post\" action=\"?\"") + attributes_html + ">\n" +
             hidden("nonce", nonce) + hidden("from", "page");
  if (!back.empty()) out += hidden("back", back);
  return out;
}

// The fields of a form that closes tunnels: the Close code, and tunnels a second.
inline std::string close_fields(const char* code, const char* pace) {
  return std::string("<label>code <input name=\"code\" size=\"4\" inputmode=\"numeric\" value=\"") + code +
         "\"></label> <label>a second <input name=\"pace\" size=\"4\" inputmode=\"numeric\" value=\"" + pace +
         "\"></label> ";
}

}  // namespace wsflow::status
