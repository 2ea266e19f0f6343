#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mod_wsflow/status/html_text.hpp"
#include "mod_wsflow/status/terms.hpp"

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
inline std::string column(Word word) {
  return "<th scope=\"col\">" + word.html() + "</th>";
}
inline std::string number_column(Word word) {
  return "<th scope=\"col\" class=\"n\">" + word.html() + "</th>";
}
inline std::string heading(Word word) {
  return "<h2>" + word.html() + "</h2>\n";
}

// A table that scrolls within its own box, with the keyboard too. `bodies`: its rows are whole bodies.
inline std::string table(std::string_view text, const std::string& columns_html, const std::string& rows_html,
                         const char* kind = "", bool bodies = false) {
  return "<div class=\"box" + std::string(kind) + "\" tabindex=\"0\" role=\"region\" aria-label=\"" +
         escape_html(text) + "\"><table>\n<thead><tr>" + columns_html + "</tr></thead>\n" +
         (bodies ? "" : "<tbody>\n") + rows_html + (bodies ? "" : "</tbody>") + "</table></div>\n";
}

// The columns of a table whose rows become cards on a narrow screen: there each cell says which column it is
// of.
struct Column {
  Word word;
  bool number = false;
  bool wraps = false;  // a sentence
};
class Columns {
 public:
  Columns(std::initializer_list<Column> columns) : columns_(columns) {}

  std::string heads() const {
    std::string out;
    for (const auto& each : columns_) out += each.number ? number_column(each.word) : column(each.word);
    return out;
  }
  // A row: its head, and a cell for each other column.
  std::string row(std::string_view head_html, std::initializer_list<std::string> cells_html,
                  const char* kind = "") const {
    auto out = "<tr" + std::string(kind) + ">" + row_head(head_html);
    std::size_t number = 1;
    for (const auto& html : cells_html) out += cell(number++, html);
    return out + "</tr>\n";
  }
  // A row of one cell for all columns.
  std::string wide_row(const char* kind, std::string_view html) const {
    return "<tr class=\"" + std::string(kind) + "\"><td colspan=\"" + std::to_string(columns_.size()) +
           "\">" + std::string(html) + "</td></tr>\n";
  }

 private:
  std::string cell(std::size_t number, std::string_view html) const {
    const auto& column = columns_[number];
    auto out = "<td data-c=\"" + escape_html(column.word.text()) + "\"";
    if (column.number) out += " class=\"n\"";
    if (column.wraps) out += " class=\"w\"";
    return out + ">" + std::string(html) + "</td>";
  }

  std::vector<Column> columns_;
};
inline std::string cards(std::string_view text, const Columns& columns, const std::string& rows_html,
                         bool bodies = false) {
  return table(text, columns.heads(), rows_html, " cards", bodies);
}

// A state in words. `kind`: "ok", "warm" or "bad".
inline std::string state_word(const char* kind, std::string_view text) {
  return "<span class=\"state " + std::string(kind) + "\">" + escape_html(text) + "</span>";
}
// How full something is: from three quarters on it is nearly full.
inline std::string meter(std::uint64_t value, std::uint64_t most, std::string_view text) {
  const auto whole = std::to_string(most);
  return "<meter max=\"" + whole + "\" low=\"" + std::to_string(most * 3 / 4) + "\" high=\"" +
         std::to_string(most * 9 / 10) + "\" optimum=\"0\" value=\"" + std::to_string(std::min(value, most)) +
         "\" aria-label=\"" + escape_html(text) + "\"></meter> ";
}

// A hidden field. A text that is not UTF-8 comes back changed.
inline std::string hidden(std::string_view name, std::string_view text) {
  return "<input type=\"hidden\" name=\"" + html(name) + "\" value=\"" + html(text) + "\">";
}

// The beginning of a form that changes something, after a page that asks. `back`: the page's own query.
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
