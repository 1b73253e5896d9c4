// The report of a filter run as one HTML file, which a browser opens from disk without a network.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace sana::filter {

// The whole page, in UTF-8: page.html with its style, its scripts and the report inside, which has
// the form of report.json, its clips with an "image": a data URI. Safe for any text in it: bytes
// that are not UTF-8, as names of files may hold, become U+FFFD, and numbers that are not finite
// become null, shown as missing.
std::string report_page(const nlohmann::ordered_json& report);

}  // namespace sana::filter
