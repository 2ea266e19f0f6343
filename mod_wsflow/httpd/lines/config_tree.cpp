#include "mod_wsflow/httpd/lines/config_tree.hpp"

#include <cstring>

namespace wsflow::httpd {

bool is_line(const Line& line, const char* directive) noexcept {
  return ap_cstr_casecmp(line.directive, directive) == 0;
}

const Line* lines_of(const server_rec* server) noexcept {
  if (server->is_virtual == 0) return ap_conftree;
  for (const auto* line = ap_conftree; line != nullptr; line = line->next) {
    if (is_line(*line, "<VirtualHost") && server->defn_name != nullptr &&
        static_cast<unsigned>(line->line_num) == server->defn_line_number &&
        std::strcmp(line->filename, server->defn_name) == 0)
      return line->first_child;
  }
  return nullptr;
}

const Line* last_line(const Line* level, const char* directive) noexcept {
  const Line* found = nullptr;
  for (; level != nullptr; level = level->next) {
    if (is_line(*level, directive)) found = level;
  }
  return found;
}

std::vector<const char*> words_of(apr_pool_t* pool, const Line& line) {
  const char* text = line.args != nullptr ? line.args : "";
  if (line.directive[0] == '<') {
    const auto size = std::strlen(text);
    text = apr_pstrmemdup(pool, text, size != 0 && text[size - 1] == '>' ? size - 1 : size);
  }
  std::vector<const char*> words;
  while (*text != '\0') {
    const char* word = ap_getword_conf(pool, &text);
    if (*word != '\0') words.push_back(word);
  }
  return words;
}

const char* place_of(apr_pool_t* pool, const Line& line) noexcept {
  return apr_psprintf(pool, "%s:%d", line.filename, line.line_num);
}

}  // namespace wsflow::httpd
