#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Logs the first route of ours that would reach another route's application, and returns an error then.
// mod_proxy knows an origin by its URL without the socket: of two Unix sockets behind one host name, it
// connects to the first for both routes. Parent, once the configuration is read.
int check_unix_sockets(server_rec* main) noexcept;

}  // namespace wsflow::httpd
