#pragma once

#include <stddef.h>

/* A client of Redis or Valkey, as an httpd provider: mod_wsflow.so looks for it by
 *     ap_lookup_provider(WSFLOW_REDIS_CLIENT, WSFLOW_REDIS_CLIENT_NAME, WSFLOW_REDIS_CLIENT_VERSION)
 * C, as two modules of different compilers meet here.
 *
 * A connection is used by one thread at a time. Each function returns within the time-out of the connection.
 */

#define WSFLOW_REDIS_CLIENT "wsflow-redis-client"
#define WSFLOW_REDIS_CLIENT_NAME "redis"
#define WSFLOW_REDIS_CLIENT_VERSION "1"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wsflow_redis_connection wsflow_redis_connection;

/* Where a failure writes its reason: one line without a newline, ended by a zero, cut to `size` bytes. */
typedef struct wsflow_redis_error {
  char* text;
  size_t size;
} wsflow_redis_error;

typedef struct wsflow_redis_text {
  const char* bytes;
  size_t size;
} wsflow_redis_text;

/* Gets the elements of an answer in their order, nested arrays flattened: a number as its digits, a nil as
 * { NULL, 0 }. They live until the call returns. */
typedef void wsflow_redis_element(void* context, wsflow_redis_text element);

typedef struct wsflow_redis_client {
  /* What is wrong with an address (redis://[user:password@]host[:port][/db], rediss://...,
   * unix:///path[?db=n]), as a literal, or NULL. Connects to nothing. */
  const char* (*check)(const char* url);
  /* Connects, AUTH and SELECT included. `timeout_ms` bounds this and each later call. NULL: see `error`. */
  wsflow_redis_connection* (*open)(const char* url, int timeout_ms, wsflow_redis_error error);
  /* Runs one command. 0: done; 1: the server answered with an error, the connection is still good; -1: the
   * connection is of no more use than to be closed. */
  int (*command)(wsflow_redis_connection* connection, size_t count, const wsflow_redis_text* words,
                 wsflow_redis_element* on_element, void* context, wsflow_redis_error error);
  /* Runs a script by EVALSHA, and loads it first where the server does not know it. The words behind the
   * first `keys` are arguments. Results as of command(). */
  int (*script)(wsflow_redis_connection* connection, const char* lua, size_t keys, size_t count,
                const wsflow_redis_text* words, wsflow_redis_element* on_element, void* context,
                wsflow_redis_error error);
  void (*close)(wsflow_redis_connection* connection);
} wsflow_redis_client;

#ifdef __cplusplus
}
#endif
