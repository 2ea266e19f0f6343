#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// A listener beside those of the configuration, by which the event MPM of a child accepts connections that
// siblings have passed on. The MPM polls the listeners that its child has, but makes room for as many as the
// parent had when it opened them: so the parent counts one more.

// The queue that all processes of this httpd inherit; -1: connections are not passed on.
struct PassingQueue {
  int send = -1;
  int receive = -1;
};

// Hooks of the parent, ahead of the MPM's open_logs and behind it: add a listener to those that the MPM
// counts, and take it away again, so that nobody else meets it. Only where children can pass connections on:
// with the event MPM, one bucket of listeners and more than one child.
int count_passed_listener(apr_pool_t* pconf, apr_pool_t* plog, apr_pool_t* ptemp,
                          server_rec* server) noexcept;
int uncount_passed_listener(apr_pool_t* pconf, apr_pool_t* plog, apr_pool_t* ptemp,
                            server_rec* server) noexcept;

// The queue; -1 where connections are not passed on. Child.
PassingQueue passing_queue() noexcept;
// Adds the listener, a silent one at first, if the MPM has counted it: else the MPM would poll nothing in its
// place. True if so. Child, before the MPM starts its threads.
bool add_passed_listener() noexcept;
// Makes the listener readable while `fd` is. It owns a second descriptor. nullptr with errno set if the
// kernel refuses. Child, behind add_passed_listener().
ap_listen_rec* open_passed_listener(server_rec* server, int fd) noexcept;

}  // namespace wsflow::httpd
