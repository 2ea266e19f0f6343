#pragma once

#include <string>

#include "mod_wsflow/httpd/config/presence_config.hpp"
#include "mod_wsflow/stores/presence_store.h"

namespace wsflow::httpd {

// The directives; an error message or nullptr.
const char* set_presence(cmd_parms* cmd, void* dir_config, const char* arguments) noexcept;
const char* set_presence_store(cmd_parms* cmd, void*, const char* arguments) noexcept;
const char* set_presence_events(cmd_parms* cmd, void*, const char* arguments) noexcept;
const char* set_node(cmd_parms* cmd, void*, const char* name) noexcept;

// The store of a driver; nullptr: no module that is loaded has it.
const wsflow_presence_store* store_of(const PresenceStoreConfig& config) noexcept;
// Hook: opens the file or starts the program of WSFlowPresenceEvents. Parent.
int open_presence_events(apr_pool_t* pconf, apr_pool_t* plog, apr_pool_t* ptemp, server_rec* server) noexcept;
// WSFlowNode, or the name of the host. Children and the parent.
std::string node_name(const server_rec* main_server);

// The rules of an inner section added to those of the outer one; a list that both name is the inner one's.
PresenceRules merge_presence(apr_pool_t* pool, const PresenceRules& outer,
                             const PresenceRules& inner) noexcept;

}  // namespace wsflow::httpd
