#include "mod_wsflow/cluster/connection.hpp"

#include <new>
#include <utility>

namespace wsflow::cluster {

namespace {

void add(void* elements, wsflow_redis_text text) noexcept {
  // An answer with less than it should have is no answer.
  try {
    if (text.bytes != nullptr)
      static_cast<std::vector<std::string>*>(elements)->emplace_back(text.bytes, text.size);
  } catch (const std::bad_alloc&) {
    static_cast<std::vector<std::string>*>(elements)->clear();
  }
}

}  // namespace

Connection::Connection(Connection&& other) noexcept
    : client_(other.client_),
      url_(other.url_),
      timeout_ms_(other.timeout_ms_),
      handle_(std::exchange(other.handle_, nullptr)) {}

void Connection::close() noexcept {
  if (handle_ != nullptr) client_.close(std::exchange(handle_, nullptr));
}

int Connection::script(const char* lua, std::size_t keys, std::span<const std::string> words,
                       std::vector<std::string>& elements) {
  const wsflow_redis_error error{.text = error_, .size = sizeof error_};
  std::vector<wsflow_redis_text> texts;
  for (const auto& word : words) texts.push_back({.bytes = word.data(), .size = word.size()});
  was_kept_ = handle_ != nullptr;
  if (!was_kept_) handle_ = client_.open(url_.c_str(), timeout_ms_, error);
  if (handle_ == nullptr) return -1;
  const int result = client_.script(handle_, lua, keys, texts.size(), texts.data(), add, &elements, error);
  if (result < 0) close();
  return result;
}

}  // namespace wsflow::cluster
