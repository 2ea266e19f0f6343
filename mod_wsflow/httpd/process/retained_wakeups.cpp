#include "mod_wsflow/httpd/process/retained_wakeups.hpp"

#include "mod_wsflow/httpd/retained.hpp"

namespace wsflow::httpd {

namespace {

struct Retained {
  bool open;
  limits::SlotWakeups::Descriptors fds;
};

Retained& found() noexcept {
  return retained<Retained>("wsflow-bells");
}

}  // namespace

void open_wakeups() noexcept {
  auto& kept = found();
  if (!kept.open) kept = {.open = true, .fds = limits::SlotWakeups::open()};
}

limits::SlotWakeups retained_wakeups() noexcept {
  const auto& kept = found();
  return kept.open ? limits::SlotWakeups(kept.fds) : limits::SlotWakeups();
}

}  // namespace wsflow::httpd
