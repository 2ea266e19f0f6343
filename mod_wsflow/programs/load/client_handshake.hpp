#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mod_wsflow/programs/load/target_url.hpp"

namespace wsflow::load {

// The opening handshake of a client (RFC 6455 4.1).

// What each socket of a run asks for, but for its key.
class HandshakeRequest {
 public:
  // `headers` are whole fields, "Name: value". `protocols` is a comma-separated list; empty: none.
  HandshakeRequest(const TargetUrl& url, const std::vector<std::string>& headers,
                   const std::string& protocols);
  std::string with_key(std::string_view key) const { return before_ + std::string(key) + behind_; }
  const std::string& protocols() const noexcept { return protocols_; }

 private:
  std::string before_;
  std::string behind_;
  std::string protocols_;
};

using Nonce = std::array<std::uint8_t, 16>;
// Sec-WebSocket-Key of a nonce.
std::string key_of(const Nonce& nonce);

// What a server has answered.
struct HandshakeAnswer {
  bool accepted = false;
  int status = 0;      // 0: no HTTP answer
  std::string reason;  // not accepted: "503 limit app", "101 without ...", "no HTTP answer: ..."
};

// Judges a whole head, which is changed: folded lines become one.
HandshakeAnswer judge_head(std::string& head, const Nonce& nonce, const std::string& protocols);

// The name of a header field as an option gives it, or a sentence: "Name: value", no line ends, and none of
// those that make the handshake.
std::string wrong_header(std::string_view header);

}  // namespace wsflow::load
