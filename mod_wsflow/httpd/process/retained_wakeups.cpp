#include "mod_wsflow/httpd/process/retained_wakeups.hpp"

#include "mod_wsflow/httpd/retained.hpp"

namespace wsflow::httpd {

namespace {

struct Retained {
  bool open;
  limits::Bells::Descriptors fds;
};

Retained& found() noexcept {
  return retained<Retained>("wsflow-bells");
}

}  // namespace

void open_bells() noexcept {
  auto& kept = found();
  if (!kept.open) kept = {.open = true, .fds = limits::Bells::open()};
}

limits::Bells bells() noexcept {
  const auto& kept = found();
  return kept.open ? limits::Bells(kept.fds) : limits::Bells();
}

}  // namespace wsflow::httpd
