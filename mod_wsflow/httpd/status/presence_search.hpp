#pragma once

#include <memory>

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/presence/search.hpp"
#include "mod_wsflow/status/query.hpp"

namespace wsflow::httpd {

struct Process;

// Answers a request with what was found. Returns what the handler must return.
using AnswerSearch = int (*)(request_rec* r, const Process& process, const status::StatusQuery& query,
                             std::shared_ptr<const presence::Search> search);

// Looks for the sessions that `query` asks for, and calls `answer` when that is over or has lasted too long.
// Returns what the handler must return. Where the request can be parked no worker waits; elsewhere one does,
// two seconds at most. Pre: the process has a presence. Worker thread.
int search_presence(Process& process, request_rec* r, const status::StatusQuery& query, AnswerSearch answer);

}  // namespace wsflow::httpd
