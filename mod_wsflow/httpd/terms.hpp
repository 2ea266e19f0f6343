#pragma once

#include <cstddef>
#include <mutex>
#include <unordered_set>

#include "mod_wsflow/httpd/settings.hpp"
#include "mod_wsflow/tunnel/terms.hpp"

namespace wsflow::httpd {

// What `settings`, each of which must be given, are to a tunnel. Pure: no httpd state.
tunnel::Terms make_terms(const Settings& settings, const void* log_context) noexcept;

// Tells apart what configurations of thousands of routes or virtual hosts differ in.
struct TermsHash {
  std::size_t operator()(const tunnel::Terms& terms) const noexcept;
};

// The terms of all tunnels of a process, each once; there are no more of them than the configuration tells
// apart. Tunnels point to them, and live on in a keeper when the configuration is gone. Every thread.
class TermsTable {
 public:
  // Valid as long as the table.
  const tunnel::Terms& intern(const tunnel::Terms& terms);

 private:
  std::mutex mutex_;
  std::unordered_set<tunnel::Terms, TermsHash> known_;  // elements never move
};

}  // namespace wsflow::httpd
