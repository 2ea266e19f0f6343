#pragma once

// Includes the headers of httpd and APR for the stores, which are modules of their own beside mod_wsflow.so:
// no other file below stores/ does.

// httpd.h stands first, as the others need it.
// clang-format off
#include <httpd.h>
#include <http_config.h>
#include <ap_provider.h>
#include <apr_dbd.h>
#include <apr_pools.h>
#include <apr_strings.h>
// clang-format on
