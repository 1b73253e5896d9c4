#include "filter/report/report_page.h"

#include <limits>
#include <regex>
#include <string_view>

#include "filter/report/page_html.h"
#include "support/catch.h"

namespace sana::filter {
namespace {

using nlohmann::json;

// What a browser takes for the report: everything from its tag to the next end of a script.
std::string embedded(const std::string& page) {
  const std::string tag = R"(<script type="application/json" id="report">)";
  const size_t begin = page.find(tag);
  REQUIRE(begin != std::string::npos);
  const size_t end = page.find("</script", begin);
  return page.substr(begin + tag.size(), end - begin - tag.size());
}

size_t occurrences(std::string_view text, std::string_view word) {
  size_t number = 0;
  for (size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1)) ++number;
  return number;
}

TEST_CASE("the report comes back from the page as it went in", "[filter]") {
  const json report = {{"name", "größe \"quoted\" \\ \n\t\x01 \xE2\x80\xA8 \xF0\x9F\x90\x95"},
                       {"totals", {{"files", 1284}, {"hours", 12.3}, {"none", nullptr}}},
                       {"stages", json::array({{{"kept", 0}}, {{"kept", 9007199254740991}}})},
                       {"image", "data:image/jpeg;base64,/9j/4AAQ+/=="}};
  CHECK(json::parse(embedded(report_page(report))) == report);
  CHECK(json::parse(embedded(report_page(json::object()))) == json::object());
}

TEST_CASE("no file name ends the script that holds the report", "[filter]") {
  const size_t scripts = occurrences(kPageHtml, "<script");
  const size_t comments = occurrences(kPageHtml, "<!--");
  for (const char* name : {"</script><script>alert(1)</script>.mp4", "<!-- <script>.mp4", "<", "a<",
                           "</ScRiPt >", "<<<", "<\\/script>", "\\u003c/script>", "]]></script/"}) {
    INFO(name);
    const json report = {{"file", name}, {name, 1}};
    const std::string page = report_page(report);
    CHECK(occurrences(page, "<script") == scripts);
    CHECK(occurrences(page, "<!--") == comments);
    CHECK(json::parse(embedded(page)) == report);
  }
}

TEST_CASE("a name that looks like the place of the report is left alone", "[filter]") {
  const json report = {{"name", "{{report}}"}};
  CHECK(json::parse(embedded(report_page(report))) == report);
}

TEST_CASE("bytes that are not UTF-8 are replaced, numbers that are not finite are missing",
          "[filter]") {
  const json report = {{"file", "caf\xE9.mp4"},
                       {"nan", std::numeric_limits<double>::quiet_NaN()},
                       {"infinity", std::numeric_limits<double>::infinity()}};
  const json read = json::parse(embedded(report_page(report)));
  CHECK(read["file"] == "caf\xEF\xBF\xBD.mp4");
  CHECK(read["nan"].is_null());
  CHECK(read["infinity"].is_null());
}

TEST_CASE("the page needs nothing from outside of its file", "[filter]") {
  const std::string page = report_page(json::object());
  CHECK(occurrences(page, "{{report}}") == 0);
  for (const char* word : {"http:", "https:", "url(", "@import", "<link", "<iframe", "fetch(",
                           "XMLHttpRequest", "import("}) {
    INFO(word);
    CHECK(occurrences(page, word) == 0);
  }
  CHECK_FALSE(std::regex_search(page, std::regex(R"(\b(src|srcset)\s*=\s*["'])")));
  CHECK(occurrences(page, "default-src 'none'") == 1);
}

TEST_CASE("the page never parses data as HTML", "[filter]") {
  for (const char* word : {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write",
                           "eval(", "DOMParser", "srcdoc"}) {
    INFO(word);
    CHECK(occurrences(kPageHtml, word) == 0);
  }
}

}  // namespace
}  // namespace sana::filter
