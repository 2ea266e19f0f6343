#include "mod_wsflow/limits/limit_definition.hpp"

namespace wsflow::limits {

const char* name(LimitReason reason) noexcept {
  switch (reason) {
    case LimitReason::concurrency: return "concurrency";
    case LimitReason::rate: return "rate";
    case LimitReason::queue_full: return "queue-full";
    case LimitReason::timeout: return "timeout";
    case LimitReason::client_gone: return "client-gone";
    case LimitReason::penalty: return "penalty";
    case LimitReason::keys_full: return "keys-full";
    case LimitReason::unavailable: return "unavailable";
    case LimitReason::no_share: return "no-share";
  }
  return "unknown";
}

const char* name(Applies applies) noexcept {
  switch (applies) {
    case Applies::all: return "all";
    case Applies::tunnels: return "tunnels";
    case Applies::requests: return "requests";
  }
  return "unknown";
}

}  // namespace wsflow::limits
