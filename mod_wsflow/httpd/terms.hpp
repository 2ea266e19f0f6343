#pragma once

#include <forward_list>
#include <mutex>

#include "mod_wsflow/httpd/settings.hpp"
#include "mod_wsflow/tunnel/terms.hpp"

namespace wsflow::httpd {

// What `settings`, each of which must be given, are to a tunnel. Pure: no httpd state.
tunnel::Terms make_terms(const Settings& settings, const void* log_context) noexcept;

// The terms of all tunnels of a process, each once; there are no more of them than the configuration tells
// apart. Tunnels point to them, and live on in a keeper when the configuration is gone. Every thread.
class TermsTable {
 public:
  // Valid as long as the table.
  const tunnel::Terms& intern(const tunnel::Terms& terms);

 private:
  std::mutex mutex_;
  std::forward_list<tunnel::Terms> known_;  // elements never move
};

}  // namespace wsflow::httpd
