#pragma once

#include <cstddef>

namespace wsflow::test {

// The bytes that OpenSSL has allocated and not freed, of all threads.
std::size_t openssl_bytes();

}  // namespace wsflow::test
