#include "mod_wsflow/cluster/wire.hpp"

#include <algorithm>
#include <cmath>

#include "mod_wsflow/base/text.hpp"
#include "mod_wsflow/cluster/answer_elements.hpp"
#include "mod_wsflow/cluster/script.hpp"

namespace wsflow::cluster {

namespace {

std::uint32_t number(Elements& left) noexcept {
  return left.take(limits::kMost * 10);
}

}  // namespace

std::vector<std::string> words_of(const Request& request, const Settings& settings) {
  std::vector<std::string> words;
  for (const auto& each : request.limits) words.push_back(key_of(each.cluster));
  base::Text<32> node;
  node.id(request.node[0]).id(request.node[1]);
  words.emplace_back(node.view());
  words.push_back(std::to_string(request.sequence));
  words.push_back(std::to_string(settings.lease / 1000));
  for (const auto& each : request.limits) {
    for (const auto number : {each.concurrency, each.permits, each.held, each.permits_want, each.permits_need,
                              each.burst, each.units, each.units_want, each.units_need})
      words.push_back(std::to_string(number));
    words.push_back(decimal(each.rate));
    words.push_back(std::to_string(each.handle.serial));
  }
  return words;
}

bool parse_answer(std::span<const std::string> elements, std::size_t limits, std::vector<Told>& told) {
  if (elements.size() != 1 + limits * kAnswers || elements.front() != "ok") return false;
  Elements left(elements.subspan(1));
  told.clear();
  for (std::size_t i = 0; i < limits; ++i) {
    auto& each = told.emplace_back();
    each.settled = number(left) == 1;
    for (auto* field : {&each.nodes, &each.concurrency, &each.permits, &each.others, &each.permits_lacking,
                        &each.burst, &each.units, &each.unit_others, &each.units_lacking})
      *field = number(left);
    each.rate = left.take(1e9);
  }
  return left.good();
}

}  // namespace wsflow::cluster
