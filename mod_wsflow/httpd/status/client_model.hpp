#pragma once

#include <optional>

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/limits/permit_set.hpp"
#include "mod_wsflow/status/model.hpp"

namespace wsflow::httpd {

// The permits that are held of the key that a selector names, none while the limits are locked; nothing: it
// names none.
std::optional<limits::PermitSet> permits_of(const server_rec* server, shm::Layout& layout,
                                            const shm::Selector& selector);

// All that the shared memory knows of the client that the selector names by its address, its user or a key of
// a limit. Walks the tunnels once.
status::ClientView client_model(const server_rec* server, shm::Layout& layout, const shm::Selector& selector);

}  // namespace wsflow::httpd
