#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// mod_proxy knows an origin by its URL without the socket, so of two Unix sockets behind one host name it
// connects to the first, for both routes. Says so of the first route of ours that would reach another's
// application, and returns an error then. Parent, when all of the configuration has been read.
int check_unix_sockets(server_rec* main) noexcept;

}  // namespace wsflow::httpd
