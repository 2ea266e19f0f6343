#include "mod_wsflow/base/assert.hpp"

#ifdef WSFLOW_ASSERTS

#include <unistd.h>

#include <cstdlib>

#include "mod_wsflow/base/text.hpp"

namespace wsflow::base {

void assertion_failed(const char* file, int line, const char* condition) noexcept {
  Text<1024> text;
  text << file << ":" << line << ": assertion failed: " << condition << "\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.view().data(), text.view().size());
  std::abort();
}

}  // namespace wsflow::base

#endif
