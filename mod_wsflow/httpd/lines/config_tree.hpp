#pragma once

#include <vector>

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// The configuration as httpd has read it, line by line (ap_conftree). It exists from the end of reading until
// the server starts. It shows settings that other modules do not export, and the place of each line. Lines
// that a module adds by itself (mod_perl's <Perl>) are missing. Parent, at the checks.

using Line = ap_directive_t;

// True if the line is that directive, or opens that section ("<Location").
bool is_line(const Line& line, const char* directive) noexcept;

// The first line of a virtual host, or of the main server with all sections; `next` links the others.
// nullptr: none.
const Line* lines_of(const server_rec* server) noexcept;

// The last line of this level with the directive; nullptr: none. Skips inner sections.
const Line* last_line(const Line* level, const char* directive) noexcept;

// The arguments as httpd splits them, without the ">" of a section.
std::vector<const char*> words_of(apr_pool_t* pool, const Line& line);

// file:line
const char* place_of(apr_pool_t* pool, const Line& line) noexcept;

// Calls `visit(line)` for each line of a level and of all sections in it, in their order.
template <class Visit>
void for_each_line(const Line* level, Visit&& visit) {
  for (; level != nullptr; level = level->next) {
    visit(*level);
    for_each_line(level->first_child, visit);
  }
}

// The first line from `level` on, inner sections included, for which `is_it` is true; nullptr: none.
template <class Predicate>
const Line* find_line(const Line* level, const Predicate& is_it) noexcept {
  for (; level != nullptr; level = level->next) {
    if (is_it(*level)) return level;
    if (const auto* found = find_line(level->first_child, is_it)) return found;
  }
  return nullptr;
}

// The <VirtualHost> around a line; nullptr: none.
inline const Line* host_of(const Line& line) noexcept {
  const auto* top = &line;
  while (top->parent != nullptr) top = top->parent;
  return is_line(*top, "<VirtualHost") ? top : nullptr;
}

// True if both lines may be in force for one request: they share a host, or one stands in none.
inline bool may_meet(const Line& one, const Line& other) noexcept {
  const auto* first = host_of(one);
  const auto* second = host_of(other);
  return first == nullptr || second == nullptr || first == second;
}

}  // namespace wsflow::httpd
