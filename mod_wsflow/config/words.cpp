#include "mod_wsflow/config/words.hpp"

#include <algorithm>

namespace wsflow::config {

namespace {
bool is_space(char c) noexcept {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
}  // namespace

bool skip_spaces(std::string_view& text) noexcept {
  const auto first = std::ranges::find_if_not(text, is_space);
  text.remove_prefix(static_cast<std::size_t>(first - text.begin()));
  return !text.empty();
}

bool take_word(std::string_view& text, std::string& word) {
  word.clear();
  char quote = 0;
  bool may_open = true;
  bool closed = false;
  while (!text.empty() && (quote != 0 || !is_space(text.front()))) {
    if (closed) return false;
    char c = text.front();
    text.remove_prefix(1);
    if (quote == 0 && may_open && (c == '"' || c == '\'')) {
      quote = c;
      continue;
    }
    if (quote != 0 && c == quote) {
      quote = 0;
      closed = true;
      continue;
    }
    if (quote != 0 && c == '\\' && !text.empty() && (text.front() == quote || text.front() == '\\')) {
      c = text.front();
      text.remove_prefix(1);
    }
    word += c;
    may_open = quote == 0 && word.find('=') == word.size() - 1;
  }
  return quote == 0;
}

}  // namespace wsflow::config
