#pragma once

#include <optional>

#include "mod_wsflow/httpd/server_log.hpp"
#include "mod_wsflow/metrics/recorder.hpp"
#include "mod_wsflow/shm/segment.hpp"
#include "mod_wsflow/tunnel/engine.hpp"

namespace wsflow::httpd {

// What a child process has of us. Made by its main thread before the workers start; it lives until the
// process ends.
struct Child {
  Child(const server_rec* server, shm::Layout& layout, shm::ProcessSlot& claimed) noexcept
      : log(server), segment(layout), slot(claimed), recorder(claimed) {}

  ServerLog log;
  shm::Layout& segment;    // borrowed from the process pool of the parent
  shm::ProcessSlot& slot;  // borrowed from the segment
  metrics::Recorder recorder;
  std::optional<tunnel::Engine> engine;  // none where the MPM has no threads
  bool ending = false;                   // set by the main thread when the workers have ended
};

// This process's, or nullptr outside a child. The one pointer that the module keeps by itself.
Child* child() noexcept;

void child_init(apr_pool_t* pool, server_rec* server) noexcept;

}  // namespace wsflow::httpd
