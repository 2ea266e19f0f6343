#include "mod_wsflow/limits/limit_definition.hpp"

namespace wsflow::limits {

const char* name(Reason reason) noexcept {
  switch (reason) {
    case Reason::concurrency: return "concurrency";
    case Reason::rate: return "rate";
    case Reason::queue_full: return "queue-full";
    case Reason::timeout: return "timeout";
    case Reason::client_gone: return "client-gone";
    case Reason::keys_full: return "keys-full";
    case Reason::unavailable: return "unavailable";
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
