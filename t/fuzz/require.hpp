#pragma once

#include <cstdio>
#include <cstdlib>

namespace wsflow::fuzz {

// An invariant of a target. Unlike assert() it holds in release builds too. (clang 14 has no
// std::source_location.)
inline void require(bool holds, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (holds) return;
  std::fprintf(stderr, "%s:%d: the invariant does not hold\n", file, line);
  std::abort();
}

}  // namespace wsflow::fuzz
