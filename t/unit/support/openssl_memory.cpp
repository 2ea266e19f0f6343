#include "t/unit/support/openssl_memory.hpp"

#include <malloc.h>
#include <openssl/crypto.h>

#include <atomic>
#include <cstdlib>

namespace wsflow::test {

namespace {

std::atomic<std::size_t> live{0};

void* counted(void* block) {
  live += malloc_usable_size(block);
  return block;
}

void* take(std::size_t size, const char*, int) {
  return size == 0 ? nullptr : counted(std::malloc(size));
}

void give(void* block, const char*, int) {
  live -= malloc_usable_size(block);
  std::free(block);
}

void* resize(void* block, std::size_t size, const char*, int) {
  live -= malloc_usable_size(block);
  return counted(std::realloc(block, size));
}

// OpenSSL allows it only before its first allocation.
const int installed = CRYPTO_set_mem_functions(take, resize, give);

}  // namespace

std::size_t openssl_bytes() {
  return installed == 1 ? live.load() : 0;
}

}  // namespace wsflow::test
