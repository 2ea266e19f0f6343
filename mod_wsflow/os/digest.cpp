#include "mod_wsflow/os/digest.hpp"

// OpenSSL's newer functions may fail: they allocate, and look the algorithm up behind a lock at each call.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include <cstring>

namespace wsflow::os {

std::array<std::uint64_t, 2> digest128(std::span<const std::uint64_t> secret,
                                       std::string_view text) noexcept {
  SHA256_CTX context;
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256_Init(&context);
  SHA256_Update(&context, secret.data(), secret.size_bytes());
  SHA256_Update(&context, text.data(), text.size());
  SHA256_Final(digest, &context);
  std::array<std::uint64_t, 2> result;
  std::memcpy(result.data(), digest, sizeof result);
  return result;
}

}  // namespace wsflow::os
