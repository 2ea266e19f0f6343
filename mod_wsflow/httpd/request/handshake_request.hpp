#pragma once

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/ws/handshake.hpp"

namespace wsflow::httpd {

// What of a request's head belongs to the opening handshake; views into its tables.
ws::UpgradeRequest upgrade_of(const request_rec* r) noexcept;

// False of a part of a page and of an error page: they have the fields of the request that they are for.
bool asks_for_itself(const request_rec* r) noexcept;

// Whether it is a handshake, rightly made or not; else it is an ordinary request, whatever its Upgrade says.
bool is_handshake(const request_rec* r) noexcept;

// Whether it is one that we take: on a route to an origin that may speak WebSocket. Known behind the fixups.
bool opens_tunnel(request_rec* r) noexcept;

// Takes the wish for a WebSocket out of its head; other protocols stay.
void forget_upgrade(request_rec* r);

}  // namespace wsflow::httpd
