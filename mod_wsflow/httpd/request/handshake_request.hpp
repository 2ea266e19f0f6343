#pragma once

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/ws/handshake.hpp"

namespace wsflow::httpd {

// The parts of a request's head that form the opening handshake; views into the request's tables.
ws::UpgradeRequest upgrade_of(const request_rec* r) noexcept;

// True unless the request is for a part of a page or an error page: those carry the fields of another
// request.
bool asks_for_itself(const request_rec* r) noexcept;

// True for a handshake, rightly made or not. Any other request is ordinary, whatever its Upgrade says.
// `upgrade`: upgrade_of(r).
bool is_handshake(const request_rec* r, const ws::UpgradeRequest& upgrade) noexcept;

// True for a handshake that we take: on a route to an origin that may speak WebSocket. Known behind the
// fixups.
bool opens_tunnel(request_rec* r) noexcept;

// Removes the wish for a WebSocket from the request's head; other protocols stay.
void forget_upgrade(request_rec* r);

}  // namespace wsflow::httpd
