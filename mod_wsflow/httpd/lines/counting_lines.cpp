#include "mod_wsflow/httpd/lines/counting_lines.hpp"

#include <algorithm>
#include <iterator>

namespace wsflow::httpd {

namespace {

constexpr Counting kCounting[] = {
    {"mod_qos.c", "QS_SrvMaxConnPerIP", true},
    {"mod_qos.c", "QS_ClientEventRequestLimit", true},
    {"mod_qos.c", "QS_SrvMaxConn", false},
    {"mod_qos.c", "QS_LocRequestLimit", false},
    {"mod_qos.c", "QS_LocRequestLimitMatch", false},
    {"mod_qos.c", "QS_LocRequestLimitDefault", false},
    {"mod_qos.c", "QS_CondLocRequestLimitMatch", false},
    {"mod_qos.c", "QS_EventRequestLimit", false},
    {"mod_security2.c", "SecConnReadStateLimit", true},
    {"mod_security2.c", "SecConnWriteStateLimit", true},
    {"mod_security2.c", "SecReadStateLimit", true},
    {"mod_security2.c", "SecWriteStateLimit", true},
    {"mod_limitipconn.c", "MaxConnPerIP", true},
    {"mod_antiloris.c", "IPTotalLimit", true},
    {"mod_antiloris.c", "IPReadLimit", true},
    {"mod_antiloris.c", "IPWriteLimit", true},
    {"mod_bw.c", "MaxConnection", false},
    {"mod_cband.c", "CBandSpeed", false},
    {"mod_cband.c", "CBandRemoteSpeed", true},
};

}  // namespace

const Counting* counting_of(const Line& line) noexcept {
  const auto* found = std::ranges::find_if(
      kCounting, [&line](const Counting& each) { return is_line(line, each.directive); });
  return found != std::end(kCounting) && ap_find_linked_module(found->module) != nullptr ? found : nullptr;
}

}  // namespace wsflow::httpd
