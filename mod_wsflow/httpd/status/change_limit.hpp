#pragma once

#include "mod_wsflow/httpd/status/action_answer.hpp"
#include "mod_wsflow/shm/segment.hpp"
#include "mod_wsflow/status/form.hpp"

namespace wsflow::httpd {

// Does the action "limit".
ActionAnswer change_limit(request_rec* r, shm::Layout& layout, std::span<const status::Field> fields);

}  // namespace wsflow::httpd
