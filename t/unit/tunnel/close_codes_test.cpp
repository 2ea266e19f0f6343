#include "mod_wsflow/tunnel/close_codes.hpp"

#include <catch2/catch.hpp>

using namespace wsflow::tunnel;
using wsflow::base::Outcome;

TEST_CASE("clients are told of a lost origin by a code after which they come back", "[close_codes]") {
  for (const auto outcome :
       {Outcome::origin_eof, Outcome::origin_reset, Outcome::ping_timeout, Outcome::stalled}) {
    const auto codes = close_codes(outcome, EndedBy::origin, kDefaultClientCodes);
    CHECK(codes.client == 1012);
    CHECK(codes.origin == 0);
    CHECK(close_reason(outcome, EndedBy::origin, true) == "origin lost");
  }
}

TEST_CASE("a notice may have another code, or none", "[close_codes]") {
  auto clients = kDefaultClientCodes;
  clients[static_cast<std::size_t>(Notice::lifetime)] = 4200;
  clients[static_cast<std::size_t>(Notice::server_stop)] = 0;
  CHECK(close_codes(Outcome::lifetime, EndedBy::nobody, clients).client == 4200);
  CHECK(close_codes(Outcome::lifetime, EndedBy::nobody, clients).origin == 1001);
  CHECK(close_codes(Outcome::server_stop, EndedBy::nobody, clients).client == 0);
  CHECK(close_codes(Outcome::server_restart, EndedBy::nobody, clients).client == 1012);
}

TEST_CASE("a sender is told of its own fault, and the other side of a fault of its peer", "[close_codes]") {
  CHECK(close_reason(Outcome::too_big, EndedBy::client, true) == "message too big");
  CHECK(close_reason(Outcome::too_big, EndedBy::client, false) == "client fault");
  CHECK(close_reason(Outcome::too_big, EndedBy::origin, true) == "origin fault");
  CHECK(close_reason(Outcome::too_big, EndedBy::origin, false) == "message too big");
  CHECK(close_codes(Outcome::too_big, EndedBy::origin, kDefaultClientCodes).client == 1012);
}

TEST_CASE("ends that bring their code have a reason, and others none", "[close_codes]") {
  CHECK(close_reason(Outcome::drained, EndedBy::nobody, true) == "draining");
  CHECK(close_reason(Outcome::ordered, EndedBy::nobody, false) == "closed by operator");
  CHECK(close_reason(Outcome::closed, EndedBy::client, true).empty());
  CHECK(find_ending(Outcome::closed, EndedBy::client) == nullptr);
}
