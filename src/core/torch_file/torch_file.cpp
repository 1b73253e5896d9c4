#include "core/torch_file/torch_file.h"

#include <bit>

#include "core/error.h"
#include "core/pickle/unpickle.h"
#include "core/torch_file/torch_storages.h"
#include "core/torch_file/torch_unfolding.h"
#include "core/zip/reader.h"

namespace sana {
namespace fs = std::filesystem;
namespace {

static_assert(std::endian::native == std::endian::little, "storages are little-endian");

// A number that every file of torch.save before 1.6 begins with, as a pickle of its own.
bool is_legacy_file(std::string_view bytes) {
  return bytes.size() > 2 && bytes.front() == '\x80' &&
         bytes.substr(2).starts_with("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.");
}

bool is_tar_file(std::string_view bytes) {
  return bytes.size() > 512 && bytes.substr(257).starts_with("ustar");
}

void require_zip(std::string_view bytes, const fs::path& path) {
  const std::string name = path.filename().string();
  const auto remedy = [&](const char* weights_only) {
    return fmt::format(
        "python3 -c \"import torch; torch.save(torch.load('{}', map_location='cpu', "
        "weights_only={}), 'new_{}')\"",
        name, weights_only, name);
  };
  require(!is_legacy_file(bytes), "it has the format of PyTorch before 1.6. Rewrite it: {}",
          remedy("True"));
  require(
      !is_tar_file(bytes),
      "it is a tar archive of PyTorch before 0.1.10. If you trust whoever made it, rewrite it: {}",
      remedy("False"));
  require(bytes.starts_with("PK"), "it is no file of torch.save");
}

// The folder of all entries: what comes before "/data.pkl".
std::string_view root_of(const zip::Entries& entries) {
  constexpr std::string_view kPickle = "/data.pkl";
  std::string_view root;
  for (const auto& [name, unused] : entries) {
    if (!name.ends_with(kPickle) || name.find('/') != name.size() - kPickle.size()) continue;
    require(root.empty(), "it holds two pickles: '{}{}' and '{}'", root, kPickle, name);
    root = name.substr(0, name.size() - kPickle.size());
  }
  require(!root.empty(), "it is no file of torch.save: it holds no data.pkl");
  require(entries.count(fmt::format("{}/constants.pkl", root)) == 0,
          "it is a TorchScript program, not a checkpoint: save its state_dict() with torch.save");
  return root;
}

TorchValue read_archive(const MappedFile& file, const fs::path& path) {
  require_zip(file.bytes(), path);
  const zip::Entries entries = zip::read_entries(file.bytes());
  const std::string_view root = root_of(entries);
  const auto order = entries.find(fmt::format("{}/byteorder", root));
  if (order != entries.end()) {
    require(order->second == "little", "its byte order is '{}', only little-endian files are read",
            order->second);
  }
  const std::string_view bytes = entries.at(fmt::format("{}/data.pkl", root));
  pickle::Arena arena;
  const pickle::Value value = pickle::unpickle(bytes, arena);
  detail::TorchStorages storages(file, entries, root);
  return detail::Unfolding(storages, bytes.size()).root(value);
}

// Names in a file are not to be trusted with a terminal.
std::string printable(std::string text) {
  constexpr size_t kMaxBytes = 2000;
  if (text.size() > kMaxBytes) text = text.substr(0, kMaxBytes) + "...";
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return text;
}

}  // namespace

TorchValue::TorchValue() = default;
TorchValue::TorchValue(Variant some) : value(std::move(some)) {}
TorchValue::TorchValue(const TorchValue& other) = default;
TorchValue::TorchValue(TorchValue&& other) noexcept = default;
TorchValue& TorchValue::operator=(const TorchValue& other) = default;
TorchValue& TorchValue::operator=(TorchValue&& other) noexcept = default;
TorchValue::~TorchValue() = default;

TorchValue load_torch_file(const fs::path& path) { return load_torch_file(path, map_file(path)); }

TorchValue load_torch_file(const fs::path& path, const MappedFile& file) {
  try {
    return read_archive(file, path);
  } catch (const UserError& error) {
    throw UserError(fmt::format("'{}': {}", path.string(), printable(error.what())));
  }
}

}  // namespace sana
