#pragma once

// Includes all headers of httpd and APR; no other file does. Headers that are not made for C++ stand last,
// inside extern "C".

// clang-format off: the order matters
#include <ap_mmn.h>

// Older versions lack hooks that the module needs. Trunk keeps a connection's socket elsewhere, where a
// tunnel cannot take it (start_checks.cpp).
#if MODULE_MAGIC_COOKIE != 0x41503234UL || MODULE_MAGIC_NUMBER_MAJOR != 20120211 || \
    !AP_MODULE_MAGIC_AT_LEAST(20120211, 116)
#error "mod_wsflow is for Apache httpd 2.4, from 2.4.49 on: these headers are those of another version"
#endif

#include <ap_config.h>
#include <ap_expr.h>
#include <ap_mpm.h>
#include <ap_provider.h>
#include <ap_release.h>
#include <apr_base64.h>
#include <apr_fnmatch.h>
#include <apr_optional.h>
#include <apr_sha1.h>
#include <apr_shm.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_connection.h>
#include <http_core.h>
#include <http_log.h>
#include <http_main.h>
#include <http_protocol.h>
#include <http_request.h>
#include <http_ssl.h>
#include <httpd.h>
#include <mpm_common.h>
#include <scoreboard.h>
#include <unixd.h>
#include <util_filter.h>

extern "C" {
#include <mod_proxy.h>
#include <mod_status.h>

extern module AP_MODULE_DECLARE_DATA wsflow_module;
}
// clang-format on
