#pragma once

#include "mod_wsflow/capacity/capacity_table.hpp"

namespace wsflow::capacity {

// What the configuration of httpd and of the module says: the functions of the table.

Count mpm_carries(const Facts& facts);
std::string mpm_because(const Facts& facts);
std::vector<Advice> mpm_advice(const Facts& facts, std::uint64_t wanted);

Count descriptors_carry(const Facts& facts);
std::string descriptors_because(const Facts& facts);
std::vector<Advice> descriptors_advice(const Facts& facts, std::uint64_t wanted);

Count max_tunnels_carry(const Facts& facts);
std::string max_tunnels_because(const Facts& facts);
std::vector<Advice> max_tunnels_advice(const Facts& facts, std::uint64_t wanted);

Count limits_carry(const Facts& facts);
std::string limits_because(const Facts& facts);
std::vector<Advice> limits_advice(const Facts& facts, std::uint64_t wanted);

Count handshakes_carry(const Facts& facts);
std::string handshakes_because(const Facts& facts);
std::vector<Advice> handshakes_advice(const Facts& facts, std::uint64_t wanted);

Count backlog_carries(const Facts& facts);
std::string backlog_because(const Facts& facts);
std::vector<Advice> backlog_advice(const Facts& facts, std::uint64_t wanted);

Count spare_threads_carry(const Facts& facts);
std::string spare_threads_because(const Facts& facts);
std::vector<Advice> spare_threads_advice(const Facts& facts, std::uint64_t wanted);

Count recycling_carries(const Facts& facts);
std::string recycling_because(const Facts& facts);
std::vector<Advice> recycling_advice(const Facts& facts, std::uint64_t wanted);

Count buckets_carry(const Facts& facts);
std::string buckets_because(const Facts& facts);
std::vector<Advice> buckets_advice(const Facts& facts, std::uint64_t wanted);

Count rows_carry(const Facts& facts);
std::string rows_because(const Facts& facts);
std::vector<Advice> rows_advice(const Facts& facts, std::uint64_t wanted);

// A line of the configuration: where it is, or where lines of its kind are.
Advice directive(const Facts& facts, std::string_view name, std::string_view value, const char* then);

// Of a burst, one in so many tunnels is opened at the same moment: when all clients come back over the five
// seconds of WSFlowCloseCode spread=, and the origin needs a quarter of a second for each.
inline constexpr std::uint64_t kBurst = 20;

}  // namespace wsflow::capacity
