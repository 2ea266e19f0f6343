#pragma once

#include <span>
#include <string>
#include <vector>

#include "mod_wsflow/stores/redis_client.h"

namespace wsflow::cluster {

// A connection to the database of the cluster, made when it is needed. One thread.
class Connection {
 public:
  // `client` is borrowed. `url` has been check()ed.
  Connection(const wsflow_redis_client& client, std::string url, int timeout_ms)
      : client_(client), url_(std::move(url)), timeout_ms_(timeout_ms) {}
  ~Connection() { close(); }
  Connection(Connection&& other) noexcept;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Runs a script; `words`: as many keys, then the arguments. Result: 0, its elements; else error() says why
  // not: positive, the server refuses it; negative, there is no connection any more.
  int script(const char* lua, std::size_t keys, std::span<const std::string> words,
             std::vector<std::string>& elements);
  // Behind a script: its connection was there before. A server may close one that it has had for long, so a
  // failure then says nothing yet.
  bool was_kept() const noexcept { return was_kept_; }
  void close() noexcept;
  const char* error() const noexcept { return error_; }

 private:
  const wsflow_redis_client& client_;
  const std::string url_;
  const int timeout_ms_;
  wsflow_redis_connection* handle_ = nullptr;  // owned
  bool was_kept_ = false;
  char error_[160] = "";
};

}  // namespace wsflow::cluster
