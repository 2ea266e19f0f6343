#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "mod_wsflow/base/unique_fd.hpp"
#include "t/unit/support/frames.hpp"

namespace wsflow::test {

// Two ends of a connection, both non-blocking: `ours` is for the code under test, `peer` for the test.
struct Connection {
  base::UniqueFd ours;
  base::UniqueFd peer;
};
Connection socket_pair();
// Over the loopback, for what only TCP has (resets).
Connection tcp_pair();

Bytes bytes_of(std::string_view text);
// Different at each place, so that bytes out of order are noticed.
Bytes pattern(std::size_t size, unsigned seed = 0);

// How reading ended.
enum class Ended { open, eof, reset };
struct Received {
  Bytes bytes;
  Ended ended = Ended::open;
};

// Writes what the socket takes now and returns how much it was.
std::size_t send_some(int fd, std::span<const std::uint8_t> bytes);
// Reads what is there now.
Received receive_some(int fd);

// These wait, for at most 20 seconds.
bool send_all(int fd, std::span<const std::uint8_t> bytes);
Bytes receive_exactly(int fd, std::size_t size);
Received receive_to_end(int fd);

void end_stream(int fd);                   // FIN
void reset_connection(base::UniqueFd fd);  // RST (TCP only)
void shrink_send_buffer(int fd);

// How many descriptors this process has open.
std::size_t open_descriptors();

}  // namespace wsflow::test
