#include "mod_wsflow/httpd/checks/acquire_check.hpp"

#include <string_view>

#include "mod_wsflow/config/values.hpp"
#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/lines/config_tree.hpp"

namespace wsflow::httpd {

namespace {

constexpr std::string_view kKey = "acquire=";
// From here on a number is doubtful: nobody lets a request wait so many seconds, and in milliseconds nobody
// writes fewer.
constexpr int kDoubtful = 100;

// The number of an acquire= without a unit; 0: another word.
int bare_time(std::string_view word) noexcept {
  if (word.size() < kKey.size() || ap_cstr_casecmpn(word.data(), kKey.data(), kKey.size()) != 0) return 0;
  return config::parse_number(word.substr(kKey.size()), 1, 1'000'000'000).value_or(0);
}

void look_at(const server_rec* main, const Line& line) {
  const bool limit = is_line(line, "WSFlowLimit");
  if (!limit && !is_line(line, "WSFlowPass")) return;
  auto* pool = main->process->pconf;
  for (const char* word : words_of(pool, line)) {
    const int number = bare_time(word);
    if (number < kDoubtful) continue;
    ap_log_error(
        APLOG_MARK, APLOG_WARNING, 0, main,
        WSFLOGNO(0286) "%s: %s without a unit is %s here, but %s: write \"acquire=%dms\" or \"acquire=%ds\"",
        place_of(pool, line), word, limit ? "in seconds" : "mod_proxy's, in milliseconds",
        limit ? "in milliseconds in ProxyPass" : "in seconds in WSFlowLimit", number, number);
  }
}

}  // namespace

void check_acquire(const server_rec* main) noexcept {
  guard_void(main, [&] { for_each_line(ap_conftree, [&](const Line& line) { look_at(main, line); }); });
}

}  // namespace wsflow::httpd
