#include "filter/report/report_page.h"

#include <algorithm>
#include <string_view>

#include "core/json_dump.h"
#include "filter/report/page_html.h"

namespace sana::filter {
namespace {

constexpr std::string_view kPage = kPageHtml;
constexpr std::string_view kPlaceholder = "{{report}}";
const size_t kPosition = kPage.find(kPlaceholder);
#ifndef __SANITIZE_ADDRESS__  // its checks of pointers are not constant expressions
static_assert(kPosition != std::string_view::npos, "page.html lacks the place of the report");
static_assert(kPage.find(kPlaceholder, kPosition + 1) == std::string_view::npos,
              "page.html has two places for the report");
static_assert(kPage.find("{{") == kPosition && kPage.find("{{", kPosition + 1) == kPage.npos,
              "page.html names a part that CMake did not put in");
#endif

// JSON has no "<" outside of strings, and inside of one it may be written as an escape. Without it
// neither "</script>" nor "<!--" can reach the HTML parser.
void append_without_tags(std::string& page, std::string_view json) {
  for (size_t begin = 0; begin < json.size();) {
    const size_t end = std::min(json.find('<', begin), json.size());
    page += json.substr(begin, end - begin);
    if (end < json.size()) page += "\\u003c";
    begin = end + 1;
  }
}

}  // namespace

std::string report_page(const nlohmann::ordered_json& report) {
  const std::string json = dump_json(report);
  std::string page;
  page.reserve(kPage.size() + json.size() + json.size() / 16);
  page += kPage.substr(0, kPosition);
  append_without_tags(page, json);
  page += kPage.substr(kPosition + kPlaceholder.size());
  return page;
}

}  // namespace sana::filter
