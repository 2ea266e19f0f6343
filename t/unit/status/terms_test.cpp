#include "mod_wsflow/status/terms.hpp"

#include <catch2/catch.hpp>
#include <regex>
#include <set>
#include <string>

#include "mod_wsflow/status/html.hpp"
#include "t/unit/support/status_model.hpp"

using namespace wsflow;

TEST_CASE("each word stands in the table once, and has a sentence", "[terms]") {
  std::set<std::string_view> words;
  for (const auto& term : status::kTerms) {
    INFO(term.word);
    CHECK(words.insert(term.word).second);
    CHECK(term.meaning.ends_with("."));
    CHECK(term.meaning.find('\n') == std::string_view::npos);
  }
  CHECK(status::find_term("no such word") == nullptr);
}

TEST_CASE("a word brings its explanation along, escaped", "[terms]") {
  const status::Word word = "online";
  CHECK(word.html() == "<abbr title=\"Keys that have a tunnel now.\">online</abbr>");
  CHECK(status::Word::of("<b>").html() == "&lt;b&gt;");
  CHECK(status::words_list().find("<dt>online</dt><dd>Keys that have a tunnel now.</dd>") !=
        std::string::npos);
}

TEST_CASE("each heading of the page is explained", "[terms]") {
  auto model = test::status_model();
  model.loops.worst.push_back(
      {.address = "192.0.2.7", .refused = 118, .reason = base::HandshakeRefusal::limit});
  model.presence.counted = true;
  model.presence.store = presence::StoreView{};
  model.client.wanted = true;
  model.client.limits.push_back({.limit = "app", .key = model.limits[0].top_keys[0]});
  const auto page = status::to_html(model, "0ddba11");
  const std::regex heading("<(th scope=\"col\"|h2|dt)([^>]*)>(.*?)</(th|h2|dt)>");
  std::size_t seen = 0;
  for (std::sregex_iterator at(page.begin(), page.end(), heading), end; at != end; ++at) {
    const auto content = (*at)[3].str();
    INFO(content);
    // Facts and the list of words say what they are themselves.
    if ((*at)[1] == "dt" && content.find("<abbr") == std::string::npos &&
        page.find("<div><dt>" + content) != std::string::npos)
      continue;
    CHECK(content.find("title=\"") != std::string::npos);
    ++seen;
  }
  CHECK(seen > 60);
}
