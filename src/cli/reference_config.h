// configs/reference.yaml: generated, so that it cannot disagree with the program.
#pragma once
#include <string>

namespace sana::cli {

// Every configuration as one YAML document each, with range and meaning of every key.
std::string reference_config_text();

}  // namespace sana::cli
