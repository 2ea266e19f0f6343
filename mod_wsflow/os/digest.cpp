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

std::array<std::uint64_t, 2> public_digest128(std::string_view domain, std::string_view text) noexcept {
  SHA256_CTX context;
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256_Init(&context);
  SHA256_Update(&context, domain.data(), domain.size());
  SHA256_Update(&context, "", 1);
  SHA256_Update(&context, text.data(), text.size());
  SHA256_Final(digest, &context);
  std::array<std::uint64_t, 2> result{};
  for (std::size_t i = 0; i < sizeof result; ++i) result[i / 8] = result[i / 8] << 8U | digest[i];
  return result;
}

std::array<unsigned char, 32> sha256(std::string_view text) noexcept {
  SHA256_CTX context;
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256_Init(&context);
  SHA256_Update(&context, text.data(), text.size());
  SHA256_Final(digest.data(), &context);
  return digest;
}

std::array<unsigned char, 20> sha1(std::string_view text, std::string_view rest) noexcept {
  SHA_CTX context;
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
  SHA1_Init(&context);
  SHA1_Update(&context, text.data(), text.size());
  SHA1_Update(&context, rest.data(), rest.size());
  SHA1_Final(digest.data(), &context);
  return digest;
}

}  // namespace wsflow::os
