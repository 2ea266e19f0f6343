#include "mod_wsflow/status/html_confirm.hpp"

#include <algorithm>

#include "mod_wsflow/status/html_page.hpp"
#include "mod_wsflow/status/html_table.hpp"

namespace wsflow::status {

std::string tunnels_text(std::uint64_t tunnels) {
  return grouped(tunnels) + (tunnels == 1 ? " tunnel" : " tunnels");
}

std::string pace_text(std::uint64_t tunnels, int pace) {
  if (pace <= 0) return "All at once.";
  const auto seconds = std::max(static_cast<double>(tunnels) / pace, 1.0);
  return grouped(static_cast<std::uint64_t>(pace)) + " a second: it takes " + time_span(seconds) + ".";
}

std::string to_confirmation(const Question& question, std::span<const Field> fields, const char* anchor) {
  const auto title = html(question.title);
  auto out = page_begin(title) + "<main class=\"ask\">\n<h1>" + title + "</h1>\n";
  for (const auto& sentence : question.sentences) out += "<p>" + html(sentence) + "</p>\n";
  out += "<form method=\"post\" action=\"?\">\n";
  for (const auto& field : fields) out += hidden(field.name, field.value);
  out += hidden("confirmed", "yes") + "<div class=\"bar\"><button class=\"" +
         (question.closes ? "do bad" : "do") + "\">" + html(question.button) + "</button> <a href=\"?" +
         escape_html(value_of(fields, "back")) + escape_html(anchor) +
         "\">No, go back</a></div></form>\n</main>\n";
  return out + "</body></html>\n";
}

}  // namespace wsflow::status
