#include "mod_wsflow/status/terms.hpp"

#include "mod_wsflow/status/html_text.hpp"

namespace wsflow::status {

std::string Word::html() const {
  if (term_.meaning.empty()) return escape_html(term_.word);
  return "<abbr title=\"" + escape_html(term_.meaning) + "\">" + escape_html(term_.word) + "</abbr>";
}

std::string words_list() {
  std::string out = "<dl class=\"words\">\n";
  for (const auto& term : kTerms)
    out += "<div><dt>" + escape_html(term.word) + "</dt><dd>" + escape_html(term.meaning) + "</dd></div>\n";
  return out + "</dl>\n";
}

}  // namespace wsflow::status
