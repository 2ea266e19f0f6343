#pragma once

#include <stddef.h>

/* A database for WSFlowPresence, as an httpd provider: mod_wsflow.so looks for it by the name of the driver
 *     ap_lookup_provider(WSFLOW_PRESENCE_STORE, "pgsql", WSFLOW_PRESENCE_STORE_VERSION)
 * so that any module can bring one. C, as two modules of different compilers meet here.
 *
 * A connection is used by one thread at a time. Each function may block without bound: the caller has a
 * thread that may be left behind. What is sent may be sent again after a failure: all of it can be repeated.
 */

#define WSFLOW_PRESENCE_STORE "wsflow-presence-store"
#define WSFLOW_PRESENCE_STORE_VERSION "1"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wsflow_store_connection wsflow_store_connection;

/* Where a failure writes its reason: one line without a newline, ended by a zero, cut to `size` bytes. */
typedef struct wsflow_store_error {
  char* text;
  size_t size;
} wsflow_store_error;

/* Gets the rows of an answer, one call a row. `values`: `count` texts; NULL is SQL's NULL. They live until
 * the call returns. */
typedef void wsflow_store_row(void* context, size_t count, const char* const* values);

typedef enum wsflow_store_call {
  /* {"node", "process", "now", "lease", "rows": [...], ...}: docs/internals/presence.md has the keys of the
   * batch and the rows of the answer. */
  WSFLOW_STORE_APPLY,
  /* {"text": the beginning of a key, "most": number}: the sessions of the keys that begin so, the newest
   * first. */
  WSFLOW_STORE_FIND
} wsflow_store_call;

typedef struct wsflow_presence_store {
  /* What is wrong with the parameters, as a literal, or NULL. Connects to nothing. */
  const char* (*check)(const char* parameters);
  /* Connects, and brings the schema to the version of this module. NULL: the reason is in `error`. */
  wsflow_store_connection* (*open)(const char* parameters, wsflow_store_error error);
  /* Runs one call, whole or not at all. 0: done; else the reason is in `error`, and the connection is of no
   * more use than to be closed. */
  int (*call)(wsflow_store_connection* connection, wsflow_store_call call, const char* json,
              wsflow_store_row* on_row, void* context, wsflow_store_error error);
  void (*close)(wsflow_store_connection* connection);
} wsflow_presence_store;

#ifdef __cplusplus
}
#endif
