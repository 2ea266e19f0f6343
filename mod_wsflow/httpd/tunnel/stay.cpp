#include "mod_wsflow/httpd/tunnel/stay.hpp"

#include "mod_wsflow/httpd/mpm_query.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/request/connection_state.hpp"
#include "mod_wsflow/httpd/request/foreign_filter.hpp"
#include "mod_wsflow/shm/once.hpp"

namespace wsflow::httpd {

namespace {

constexpr std::uint32_t kNoLoop = 1;
constexpr std::uint32_t kStream = 2;
constexpr std::uint32_t kTooOld = 4;
// The first bit for filters: a filter's name gives its bit. Two filters may share one; only the first of
// them is logged then.
constexpr unsigned kFirstFilterBit = 3;

std::uint32_t bit_of(const char* filter) noexcept {
  unsigned hash = 5381;
  for (; *filter != '\0'; ++filter) hash = hash * 33 + static_cast<unsigned char>(*filter);
  return 1U << (kFirstFilterBit + hash % (32 - kFirstFilterBit));
}

Stay without_loop() noexcept {
  if (!mpm_has_threads()) {
    return {"the MPM has no threads", "use mpm_event, with PHP-FPM (mod_proxy_fcgi) in place of mod_php",
            kNoLoop};
  }
  return {"no event loop runs in this process", "see what was logged before it, and restart httpd", kNoLoop};
}

}  // namespace

Stay reason_to_stay(Process& process, const request_rec* r) noexcept {
  const auto* c = r->connection;
  if (!process.engine || !process.engine->running()) return without_loop();
  if (c->master != nullptr) {
    return {"it is a stream of an HTTP/2 connection", "write \"H2WebSockets off\"", kStream};
  }
  if (state_of(c) == nullptr) {
    return {"it was made before the module was active", "nothing: new connections can leave", kTooOld};
  }
  return origin_reason_to_stay(r, foreign_filter(c));
}

Stay origin_reason_to_stay(const request_rec* r, const char* name) noexcept {
  if (name == nullptr) return {};
  return {apr_pstrcat(r->pool, "the connection filter ", name, " is not known", nullptr),
          "take out the module that it belongs to, or what switches it on here", bit_of(name)};
}

bool is_first(Process& process, const Stay& stay) noexcept {
  return shm::first_in_generation(process.segment.reasons_told, process.generation, stay.kind);
}

}  // namespace wsflow::httpd
