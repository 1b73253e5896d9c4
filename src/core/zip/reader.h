// ZIP archives whose entries are stored as they are, read in place.
#pragma once
#include <map>
#include <string_view>

namespace sana::zip {

// Bytes of an entry, by its full name.
using Entries = std::map<std::string_view, std::string_view>;

// The entries of an archive, as views into `archive`. Every record is checked to lie inside, and no
// two entries overlap. Checksums are not compared: that would read the whole file, and torch.save
// can be told to leave them out. Throws UserError: no archive, truncated, a compressed or encrypted
// entry or one given twice (by name).
Entries read_entries(std::string_view archive);

}  // namespace sana::zip
