// Text that comes from outside, and how names that are no text are kept: one rule for the program.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace sana {

// Whether the bytes are UTF-8 (no overlong forms, no surrogates).
bool is_utf8(std::string_view bytes);
// Position of the first byte that is no UTF-8; the size when all is well.
size_t first_wrong_byte(std::string_view bytes);

// For messages and logs: every byte that is no UTF-8 becomes U+FFFD.
std::string valid_utf8(std::string_view bytes);

// What a file that people write says, as UTF-8 with '\n' at the end of lines: it may be UTF-8, with
// or without a byte order mark, or UTF-16 with one, and have Windows line ends. `what` names it in
// the UserError for any other encoding, which says where the first wrong byte is and what to do.
std::string decode_text(std::string_view bytes, const std::string& what);

// The same of a file. Throws UserError as read_text_file() and decode_text().
std::string read_user_text(const std::filesystem::path& path, int64_t max_bytes = int64_t(1) << 30);

// A name of a file as UTF-8 text, one-to-one: valid UTF-8 stays as it is; every other byte, and
// each byte of a U+FFFD in the name, becomes U+FFFD and two hexadecimal digits ("caf\xe9" ->
// "caf\ufffdE9").
std::string name_as_text(std::string_view name);
std::string name_from_text(std::string_view text);

// ASCII letters in lower case, every other byte as it is.
std::string lower_case(std::string text);
// Ending of a name, with its dot, in lower case: ".mp4" of "a/B.MP4"; empty where it has none.
std::string lower_ending(const std::filesystem::path& path);

// Names of whole paths, with '/'.
std::string path_as_text(const std::filesystem::path& path);
std::filesystem::path path_from_text(std::string_view text);

}  // namespace sana
