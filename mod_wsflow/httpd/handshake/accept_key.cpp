#include "mod_wsflow/httpd/handshake/accept_key.hpp"

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

base::Text<32> accept_key(const char* key) noexcept {
  constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  const std::string_view text(key);
  apr_sha1_ctx_t context;
  apr_sha1_init(&context);
  apr_sha1_update(&context, text.data(), static_cast<unsigned>(text.size()));
  apr_sha1_update(&context, kGuid.data(), static_cast<unsigned>(kGuid.size()));
  unsigned char digest[APR_SHA1_DIGESTSIZE];
  apr_sha1_final(digest, &context);

  char encoded[32] = {};
  apr_base64_encode_binary(encoded, digest, sizeof digest);
  base::Text<32> result;
  result << std::string_view(encoded);
  return result;
}

}  // namespace wsflow::httpd
