// Archives of torch.save with a pickle written by hand.
#pragma once
#include <string>
#include <string_view>

#include "core/torch_file/torch_file.h"
#include "core/zip/writer.h"
#include "support/temporary_directory.h"

namespace sana_test {

// A text of less than 256 bytes, as a pickle holds it.
inline std::string pickled_text(const std::string& text) {
  std::string bytes = "\x8c";
  bytes += static_cast<char>(text.size());
  return bytes + text;
}

// Reads an archive that holds `pickle` and storage "0" of `storage_bytes` zeros.
inline sana::TorchValue load_pickle(std::string_view pickle, size_t storage_bytes = 24) {
  const TemporaryDirectory folder;
  sana::AtomicFile file(folder / "x.pt");
  sana::zip::Writer archive(file);
  archive.add("x/data.pkl", pickle);
  archive.add("x/data/0", std::string(storage_bytes, '\0'));
  archive.finish();
  file.commit();
  return sana::load_torch_file(folder / "x.pt");
}

}  // namespace sana_test
