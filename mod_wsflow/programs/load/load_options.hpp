#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mod_wsflow/base/parsed.hpp"
#include "mod_wsflow/programs/load/backoff.hpp"
#include "mod_wsflow/programs/load/ip_address.hpp"
#include "mod_wsflow/programs/load/load_socket.hpp"
#include "mod_wsflow/programs/load/target_url.hpp"

namespace wsflow::load {

inline constexpr std::int64_t kSecond_us = 1'000'000;

// A run as it was asked for. Times in microseconds.
struct LoadOptions {
  TargetUrl url;
  std::string connect;          // where to connect instead of the URL's host; empty: there
  std::vector<IpAddress> from;  // empty: the kernel chooses
  std::string ca;               // empty: the system's
  bool insecure = false;
  std::vector<std::string> headers;
  std::string protocols;

  std::uint32_t connections = 100;
  std::uint32_t rate = 100;  // handshakes a second; 0: as fast as they are answered
  std::int64_t ramp_us = 0;  // instead of a rate; 0: none
  std::int64_t duration_us = 10 * kSecond_us;
  std::int64_t timeout_us = 30 * kSecond_us;
  std::int64_t lifetime_us = -1;  // -1: until the end; 0: one message
  Backoff reconnect;

  std::int64_t every_us = kSecond_us;  // from one message of a socket to its next; 0: no messages
  std::uint32_t in_flight = 0;         // instead: messages under way in each socket all the time
  std::uint64_t size = 125;
  bool binary = false;
  std::string message;  // instead of a payload of `size` bytes
  std::string first;
  Answer answer = Answer::same;

  std::string json;
  std::string report;
  bool quiet = false;
  bool control = false;
  bool help = false;
  bool version = false;

  // From one handshake to the next.
  double launch_gap_us() const noexcept;
};

// The words behind the program's name.
base::Parsed<LoadOptions> parse_load_options(std::span<const char* const> words);

// What --help prints.
std::string load_help();

}  // namespace wsflow::load
