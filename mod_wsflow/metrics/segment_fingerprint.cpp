#include "mod_wsflow/metrics/segment_fingerprint.hpp"

#include "mod_wsflow/metrics/catalogue.hpp"
#include "mod_wsflow/metrics/rates.hpp"
#include "mod_wsflow/shm/segment_fields.hpp"

namespace wsflow::metrics {

namespace {

static_assert(base::enumerators<base::Outcome>() == base::kOutcomes);
static_assert(base::enumerators<base::HandshakeRefusal>() == base::kHandshakeRefusals);
static_assert(base::enumerators<limits::LimitReason>() == limits::kReasons);
static_assert(base::enumerators<Direction>() == kDirections);
static_assert(base::enumerators<OpcodeClass>() == kOpcodeClasses);

constexpr void add_catalogue(base::Fingerprint& hash) noexcept {
  for (const auto& family : kNumberedFamilies) {
    hash.add(std::string_view(family.metric));
    hash.add(std::string_view(family.labels));
    hash.add(std::uint64_t{family.first});
    hash.add(std::uint64_t{family.count});
  }
  for (const auto& family : kNumberedHistograms) {
    hash.add(std::string_view(family.metric));
    hash.add(std::string_view(family.labels));
    hash.add(std::uint64_t{family.first});
    hash.add(std::uint64_t{family.count});
    hash.add(std::uint64_t{family.longest});
    hash.add(std::uint64_t{family.times.bound});
    hash.add(std::uint64_t{family.times.second});
    for (const auto bound : family.times.bounds) hash.add(std::uint64_t{bound});
  }
  for (const auto* name : kCloseNames) hash.add(std::string_view(name));
  hash.add(std::uint64_t{shm::kGreatestCounter});
  base::add_enumerators<base::Outcome>(hash);
  base::add_enumerators<base::HandshakeRefusal>(hash);
  base::add_enumerators<Direction>(hash);
  base::add_enumerators<OpcodeClass>(hash);
  base::add_enumerators<Sampled>(hash);
}

constexpr std::uint64_t made() noexcept {
  base::Fingerprint hash;
  shm::add_layout(hash);
  add_catalogue(hash);
  constexpr std::uint64_t kNoVersion = std::uint64_t{1} << 31U;
  return hash.value() | kNoVersion;
}
constexpr auto kFingerprint = made();

}  // namespace

std::uint64_t segment_fingerprint() noexcept {
  return kFingerprint;
}

}  // namespace wsflow::metrics
