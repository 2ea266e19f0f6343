// Linked into a module of its own (t/CMakeLists.txt), to which connections are as in httpd's trunk: where 2.4
// has the socket, there is a struct, of which the socket is the first field.

#include "mod_wsflow/httpd/api.hpp"

extern "C" apr_socket_t* __wrap_ap_get_conn_socket(conn_rec* c) {
  const auto* fields = static_cast<apr_socket_t* const*>(*reinterpret_cast<void**>(c->conn_config));
  return fields != nullptr ? fields[0] : nullptr;
}
