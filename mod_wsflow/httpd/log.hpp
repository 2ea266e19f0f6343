#pragma once

#include "mod_wsflow/httpd/api.hpp"

// Every file that logs includes this header, except the file of the module record: the macro and the record
// exclude each other.
extern "C" {
APLOG_USE_MODULE(wsflow);
}

// The id of a message: unique for each place that logs, never used again, listed in docs/log-messages.md.
#define WSFLOGNO(number) "WSF" #number ": "
