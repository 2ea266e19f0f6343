#include "mod_wsflow/httpd/bells.hpp"

#include "mod_wsflow/httpd/retained.hpp"

namespace wsflow::httpd {

namespace {

struct Retained {
  bool open;
  flow::Bells::Descriptors fds;
};

Retained& found() noexcept {
  return retained<Retained>("wsflow-bells");
}

}  // namespace

void open_bells() noexcept {
  auto& kept = found();
  if (!kept.open) kept = {.open = true, .fds = flow::Bells::open()};
}

flow::Bells bells() noexcept {
  const auto& kept = found();
  return kept.open ? flow::Bells(kept.fds) : flow::Bells();
}

}  // namespace wsflow::httpd
