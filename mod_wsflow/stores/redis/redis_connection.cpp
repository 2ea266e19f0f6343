#include "mod_wsflow/stores/redis/redis_connection.hpp"

#include <hiredis/hiredis.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mod_wsflow/stores/redis/redis_socket.hpp"
#include "mod_wsflow/stores/redis/redis_tls.hpp"
#include "mod_wsflow/stores/redis/redis_url.hpp"

using wsflow::redis::Clock;
using wsflow::redis::Deadline;

namespace {

struct FreeContext {
  void operator()(redisContext* context) const noexcept { redisFree(context); }
};
struct FreeReply {
  void operator()(void* reply) const noexcept { freeReplyObject(reply); }
};
using Context = std::unique_ptr<redisContext, FreeContext>;
using Reply = std::unique_ptr<redisReply, FreeReply>;

// A script that the server has told its name of.
struct Known {
  std::string lua;
  std::string sha;
};

}  // namespace

// Used by one thread at a time.
struct wsflow_redis_connection {
  Context context;
  std::chrono::milliseconds timeout{};
  std::vector<Known> scripts;
};

namespace wsflow::redis {

namespace {

using Words = std::span<const wsflow_redis_text>;
using std::string_view;

// One line, cut; what a terminal or a log might take for more than text becomes a question mark.
void write_error(wsflow_redis_error error, string_view text) noexcept {
  if (error.text == nullptr || error.size == 0) return;
  const auto size = std::min(text.size(), error.size - 1);
  std::transform(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size), error.text,
                 [](char c) { return c >= ' ' && c <= '~' ? c : '?'; });
  error.text[size] = '\0';
}

// Calls `body`; what the standard library throws, which is want of memory, is a failure.
template <class Result, class Body>
Result shielded(Result on_failure, wsflow_redis_error error, Body&& body) noexcept {
  try {
    return std::forward<Body>(body)();
  } catch (const std::exception& failure) {
    write_error(error, failure.what());
  }
  return on_failure;
}

wsflow_redis_text word(string_view text) noexcept {
  return {text.data(), text.size()};
}

// The answer to one command, or none: then the connection is lost, and `wrong` says why.
Reply exchange(redisContext& context, Words words, Deadline deadline, std::string& wrong) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const auto& each : words) {
    texts.push_back(each.bytes);
    sizes.push_back(each.size);
  }
  const auto failed = [&] {
    wrong = context.errstr[0] != '\0' ? context.errstr : "no answer in time";
    return Reply();
  };
  if (redisAppendCommandArgv(&context, static_cast<int>(words.size()), texts.data(), sizes.data()) !=
      REDIS_OK)
    return failed();
  for (int done = 0; done == 0;) {
    if (redisBufferWrite(&context, &done) != REDIS_OK) return failed();
    if (done == 0 && !wait_until_ready(context.fd, true, deadline)) return failed();
  }
  for (;;) {
    void* reply = nullptr;
    if (redisReaderGetReply(context.reader, &reply) != REDIS_OK) {
      wrong = "an answer that is none of Redis";
      return {};
    }
    if (reply != nullptr) return Reply(static_cast<redisReply*>(reply));
    if (!wait_until_ready(context.fd, false, deadline) || redisBufferRead(&context) != REDIS_OK)
      return failed();
  }
}

void tell(const redisReply& reply, wsflow_redis_element* on_element, void* context) {
  switch (reply.type) {
    case REDIS_REPLY_INTEGER: {
      const auto digits = std::to_string(reply.integer);
      return on_element(context, word(digits));
    }
    case REDIS_REPLY_NIL: return on_element(context, {nullptr, 0});
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS: return on_element(context, {reply.str, static_cast<std::size_t>(reply.len)});
    default:
      for (std::size_t i = 0; i < reply.elements; ++i) tell(*reply.element[i], on_element, context);
  }
}

string_view text_of(const redisReply& reply) noexcept {
  return {reply.str, static_cast<std::size_t>(reply.len)};
}

// What the server says of a command that has a password in it: its first word alone, as servers and proxies
// repeat the arguments of what they do not know.
string_view first_word(const redisReply& reply) noexcept {
  const auto text = text_of(reply);
  return text.substr(0, text.find(' '));
}

// Tells the elements of an answer; the result of command().
int deliver(const Reply& reply, const std::string& wrong, wsflow_redis_element* on_element, void* context,
            wsflow_redis_error error) {
  if (!reply) {
    write_error(error, wrong);
    return -1;
  }
  if (reply->type == REDIS_REPLY_ERROR) {
    write_error(error, text_of(*reply));
    return 1;
  }
  if (on_element != nullptr) tell(*reply, on_element, context);
  return 0;
}

// False: see `wrong`.
bool log_in(redisContext& context, const RedisUrl& url, Deadline deadline, std::string& wrong) {
  if (!url.password.empty()) {
    std::vector<wsflow_redis_text> auth{word("AUTH")};
    if (!url.user.empty()) auth.push_back(word(url.user));
    auth.push_back(word(url.password));
    const auto reply = exchange(context, auth, deadline, wrong);
    if (!reply) return false;
    if (reply->type == REDIS_REPLY_ERROR) {
      wrong = "AUTH is refused: " + std::string(first_word(*reply));
      return false;
    }
  }
  if (url.database.empty() || url.database == "0") return true;
  const wsflow_redis_text select[] = {word("SELECT"), word(url.database)};
  const auto reply = exchange(context, select, deadline, wrong);
  if (reply && reply->type == REDIS_REPLY_ERROR) wrong = "SELECT: " + std::string(text_of(*reply));
  return reply && reply->type != REDIS_REPLY_ERROR;
}

// The name that the server has for a script, or an empty text with the result of command() in `result`.
std::string load(wsflow_redis_connection& connection, string_view lua, Deadline deadline, int& result,
                 wsflow_redis_error error) {
  std::string wrong;
  const wsflow_redis_text words[] = {word("SCRIPT"), word("LOAD"), word(lua)};
  const auto reply = exchange(*connection.context, words, deadline, wrong);
  result = deliver(reply, wrong, nullptr, nullptr, error);
  if (result != 0) return {};
  if (reply->type == REDIS_REPLY_STRING) return std::string(text_of(*reply));
  write_error(error, "SCRIPT LOAD gave no name");
  result = 1;
  return {};
}

bool is_unknown_script(const Reply& reply) noexcept {
  return reply && reply->type == REDIS_REPLY_ERROR && text_of(*reply).starts_with("NOSCRIPT");
}

const char* check(const char* text) noexcept {
  return shielded<const char*>("memory is out", {nullptr, 0}, [&]() -> const char* {
    RedisUrl url;
    if (const char* wrong = parse_url(text, url)) return wrong;
    if (url.tls && !kHasTls) {
      return "rediss:// needs mod_wsflow_redis.so built with hiredis 1.0 or newer and its library "
             "hiredis_ssl; this "
             "one was built without";
    }
    return nullptr;
  });
}

wsflow_redis_connection* open(const char* text, int timeout_ms, wsflow_redis_error error) noexcept {
  return shielded<wsflow_redis_connection*>(nullptr, error, [&]() -> wsflow_redis_connection* {
    if (const char* wrong = check(text)) {
      write_error(error, wrong);
      return nullptr;
    }
    RedisUrl url;
    parse_url(text, url);
    auto connection = std::make_unique<wsflow_redis_connection>();
    connection->timeout = std::chrono::milliseconds(timeout_ms);
    const auto deadline = Clock::now() + connection->timeout;
    std::string wrong;
    const int fd = connect_socket(url, deadline, wrong);
    if (fd >= 0) connection->context.reset(redisConnectFd(fd));
    if (fd >= 0 && !connection->context) ::close(fd);
    bool good = connection->context != nullptr;
    // hiredis waits without a bound in what blocks.
    if (good) connection->context->flags &= ~REDIS_BLOCK;
    good = good && (!url.tls || start_tls(*connection->context, url, deadline, wrong));
    good = good && log_in(*connection->context, url, deadline, wrong);
    if (good) return connection.release();
    write_error(error, wrong.empty() ? "memory is out" : wrong);
    return nullptr;
  });
}

int command(wsflow_redis_connection* connection, std::size_t count, const wsflow_redis_text* words,
            wsflow_redis_element* on_element, void* context, wsflow_redis_error error) noexcept {
  return shielded(-1, error, [&] {
    std::string wrong;
    const auto deadline = Clock::now() + connection->timeout;
    const auto reply = exchange(*connection->context, {words, count}, deadline, wrong);
    return deliver(reply, wrong, on_element, context, error);
  });
}

int script(wsflow_redis_connection* connection, const char* lua, std::size_t keys, std::size_t count,
           const wsflow_redis_text* words, wsflow_redis_element* on_element, void* context,
           wsflow_redis_error error) noexcept {
  return shielded(-1, error, [&] {
    const auto deadline = Clock::now() + connection->timeout;
    auto& scripts = connection->scripts;
    auto known =
        std::find_if(scripts.begin(), scripts.end(), [&](const Known& each) { return each.lua == lua; });
    if (known == scripts.end()) known = scripts.insert(scripts.end(), Known{.lua = lua, .sha = {}});
    const auto number = std::to_string(keys);
    std::string wrong;
    Reply reply;
    // Twice, as somebody may have emptied the server's cache of scripts.
    for (int i = 0; i < 2 && (i == 0 || is_unknown_script(reply)); ++i) {
      int result = 0;
      if (known->sha.empty() || i == 1) known->sha = load(*connection, lua, deadline, result, error);
      if (known->sha.empty()) return result;
      std::vector<wsflow_redis_text> all{word("EVALSHA"), word(known->sha), word(number)};
      all.insert(all.end(), words, words + count);
      reply = exchange(*connection->context, all, deadline, wrong);
    }
    return deliver(reply, wrong, on_element, context, error);
  });
}

void close(wsflow_redis_connection* connection) noexcept {
  const std::unique_ptr<wsflow_redis_connection> owned(connection);
}

}  // namespace

const wsflow_redis_client kClient = {check, open, command, script, close};

}  // namespace wsflow::redis
