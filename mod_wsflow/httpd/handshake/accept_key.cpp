#include "mod_wsflow/httpd/handshake/accept_key.hpp"

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/os/digest.hpp"

namespace wsflow::httpd {

base::Text<32> accept_key(const char* key) noexcept {
  constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  // Not APR's: OpenSSL uses the processor's instructions for it.
  const auto digest = os::sha1(key, kGuid);
  char encoded[32] = {};
  apr_base64_encode_binary(encoded, digest.data(), static_cast<int>(digest.size()));
  base::Text<32> result;
  result << std::string_view(encoded);
  return result;
}

}  // namespace wsflow::httpd
