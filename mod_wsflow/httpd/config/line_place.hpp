#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Where the line stands that is read now: file:line, in the pool of the command. While the configuration is
// read.
inline const char* place_of(const cmd_parms* cmd) noexcept {
  return apr_psprintf(cmd->pool, "%s:%d", cmd->directive->filename, cmd->directive->line_num);
}

}  // namespace wsflow::httpd
