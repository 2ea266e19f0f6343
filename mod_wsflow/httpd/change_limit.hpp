#pragma once

#include "mod_wsflow/httpd/action_answer.hpp"
#include "mod_wsflow/httpd/form.hpp"
#include "mod_wsflow/shm/segment.hpp"

namespace wsflow::httpd {

// Does the action "limit".
ActionAnswer change_limit(request_rec* r, shm::Layout& layout, std::span<const Field> fields);

}  // namespace wsflow::httpd
