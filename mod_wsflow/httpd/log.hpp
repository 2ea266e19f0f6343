#pragma once

#include "mod_wsflow/httpd/api.hpp"

// For every file that logs, except the one with the module record: the macro and the record exclude each
// other.
extern "C" {
APLOG_USE_MODULE(wsflow);
}

// The number of a message: unique for each place that logs, never used again, listed in docs/log-messages.md.
#define WSFLOGNO(number) "WSF" #number ": "
