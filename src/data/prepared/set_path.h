// Names in a data set that are used as paths. Nothing outside this folder needs it.
#pragma once
#include <filesystem>
#include <string>

namespace sana::data {

// Why the text is not the name of a file in the set's folder, or nothing: it is empty, absolute, or
// leads up ("../").
std::string complaint_of_name(const std::string& name);

// The file of a name about which complaint_of_name() says nothing. Throws UserError when it is not
// there, is no file, or leads out of the folder by a link.
std::filesystem::path find_in_set(const std::filesystem::path& folder, const std::string& name);

}  // namespace sana::data
