#include "mod_wsflow/metrics/label_values.hpp"

namespace wsflow::metrics {

namespace {

constexpr const char* kOpcodeNames[kOpcodeClasses] = {"continuation", "text", "binary",  "close",
                                                      "ping",         "pong", "reserved"};

}  // namespace

const char* name(Direction direction) noexcept {
  return direction == Direction::client_to_origin ? "client_to_origin" : "origin_to_client";
}

const char* sender_name(std::size_t direction) noexcept {
  return direction == static_cast<std::size_t>(Direction::client_to_origin) ? "client" : "origin";
}

const char* opcode_class_name(std::size_t index) noexcept {
  return kOpcodeNames[index];
}

const char* close_code_name(std::size_t index) noexcept {
  return kCloseNames[index];
}

const char* outcome_name(std::size_t index) noexcept {
  return base::name(static_cast<base::Outcome>(index));
}

const char* direction_name(std::size_t index) noexcept {
  return name(static_cast<Direction>(index));
}

const char* result_name(std::size_t index) noexcept {
  return index == 0 ? "upgraded" : base::name(static_cast<base::HandshakeRefusal>(index - 1));
}

}  // namespace wsflow::metrics
