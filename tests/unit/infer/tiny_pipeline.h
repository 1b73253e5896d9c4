// A whole public pipeline of tiny models, as a diffusers folder.
#pragma once
#include <filesystem>

namespace sana_test {

// transformer (that of tests/data/dit_480_tiny), Wan VAE and Gemma-2 with random weights, tokenizer
// and scheduler. The same every time.
void write_tiny_pipeline(const std::filesystem::path& folder);

}  // namespace sana_test
