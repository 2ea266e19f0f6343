#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "mod_wsflow/base/outcome.hpp"
#include "mod_wsflow/ws/close_code.hpp"

namespace wsflow::tunnel {

// The party that ended a tunnel. `nobody`: this server.
enum class EndedBy : std::uint8_t { client, origin, nobody };

// Codes of the Close frames that we send to each side. 0: no frame.
struct CloseCodes {
  std::uint16_t client = 0;
  std::uint16_t origin = 0;
};

// The Close codes that tell the peers of an end. docs/close-codes.md gives the reasons and is checked against
// this table. An outcome that is not listed brings its own code (drained, ordered) or needs no frame of ours.
// A side that is gone gets no frame; a side that has sent a Close frame gets its own code back.
struct Ending {
  base::Outcome outcome;
  EndedBy cause;
  CloseCodes codes;
};
inline constexpr Ending kEndings[] = {
    {base::Outcome::client_eof, EndedBy::client, {0, 1001}},
    {base::Outcome::client_reset, EndedBy::client, {0, 1001}},
    {base::Outcome::origin_eof, EndedBy::origin, {1011, 0}},
    {base::Outcome::origin_reset, EndedBy::origin, {1011, 0}},
    {base::Outcome::server_stop, EndedBy::nobody, {1001, 1001}},
    {base::Outcome::idle_timeout, EndedBy::nobody, {1001, 1001}},
    {base::Outcome::ping_timeout, EndedBy::client, {0, 1001}},
    {base::Outcome::ping_timeout, EndedBy::origin, {1001, 0}},
    {base::Outcome::stalled, EndedBy::client, {0, 1001}},
    {base::Outcome::stalled, EndedBy::origin, {1011, 0}},
    {base::Outcome::lifetime, EndedBy::nobody, {1001, 1001}},
    {base::Outcome::too_big, EndedBy::client, {1009, 1001}},
    {base::Outcome::too_big, EndedBy::origin, {1011, 1009}},
    {base::Outcome::too_fast, EndedBy::client, {1008, 1001}},
    {base::Outcome::too_fast, EndedBy::origin, {1011, 1008}},
    {base::Outcome::not_websocket, EndedBy::client, {1002, 1001}},
    {base::Outcome::not_websocket, EndedBy::origin, {1011, 1002}},
};

constexpr CloseCodes close_codes(base::Outcome outcome, EndedBy cause) noexcept {
  const auto* found = std::find_if(std::begin(kEndings), std::end(kEndings), [&](const Ending& ending) {
    return ending.outcome == outcome && ending.cause == cause;
  });
  return found != std::end(kEndings) ? found->codes : CloseCodes{};
}

static_assert(std::all_of(std::begin(kEndings), std::end(kEndings), [](const Ending& ending) {
  const auto sendable = [](std::uint16_t code) { return code == 0 || ws::may_appear_on_wire(code); };
  return sendable(ending.codes.client) && sendable(ending.codes.origin);
}));

}  // namespace wsflow::tunnel
