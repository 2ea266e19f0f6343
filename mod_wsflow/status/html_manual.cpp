#include "mod_wsflow/status/html_manual.hpp"

#include "mod_wsflow/status/html_page.hpp"
#include "mod_wsflow/status/html_text.hpp"

namespace wsflow::status {

namespace {

std::string code(std::string_view text) {
  return "<code>" + escape_html(text) + "</code>";
}

// Help begins with a small letter, as httpd -L shows it behind a name.
std::string sentence(std::string_view help) {
  std::string out(help);
  if (!out.empty() && out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 'a' + 'A');
  return out + ".";
}

std::string entry(const DirectiveText& directive) {
  const auto name = escape_html(directive.name);
  return "<div id=\"" + name + "\"><dt>" + name + "</dt><dd>" + escape_html(sentence(directive.help)) +
         "<br>" + code(directive.syntax) + "<br>Default: " + code(directive.default_value) +
         "<br>Context: " + escape_html(directive.context) + "</dd></div>\n";
}

}  // namespace

std::string to_manual(std::span<const DirectiveText> directives, std::string_view version) {
  auto out = page_begin("Directives of mod_wsflow") + "<header><h1>Directives of mod_wsflow <small>";
  out += escape_html(version) +
         "</small></h1><a href=\"?\">Status</a></header>\n<main>\n"
         "<p class=\"note\">Every key and value is in the manual: <code>man 8 mod_wsflow</code>, or "
         "mod_wsflow.md of the module. <code>apachectl configtest</code> finds mistakes, and names the line "
         "to write.</p>\n<dl class=\"words\">\n";
  for (const auto& each : directives) out += entry(each);
  return out + "</dl>\n</main>\n</body></html>\n";
}

}  // namespace wsflow::status
