#include "core/text_lines.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/error.h"
#include "core/text.h"

namespace sana {
namespace {

constexpr size_t kBlockBytes = 256 << 10;

}  // namespace

TextLines::TextLines(std::filesystem::path file)
    : file_(std::move(file)), open_(open_plain_file(file_)) {}

std::string TextLines::where() const {
  return fmt::format("{}:{}", valid_utf8(file_.string()), number_);
}

bool TextLines::read_more() {
  const size_t before = buffer_.size();
  buffer_.resize(before + kBlockBytes);
  ssize_t count = 0;
  do {
    count = ::read(open_.descriptor.get(), buffer_.data() + before, kBlockBytes);
  } while (count < 0 && errno == EINTR);
  buffer_.resize(before + size_t(count > 0 ? count : 0));
  require(count >= 0, "cannot read '{}': {}", file_.string(), std::strerror(errno));
  return count > 0;
}

// Marks at the beginning: UTF-16 is unpacked whole, that of UTF-8 is passed over.
void TextLines::begin() {
  is_started_ = true;
  while (buffer_.size() < 3 && read_more()) continue;
  if (buffer_.starts_with("\xff\xfe") || buffer_.starts_with("\xfe\xff")) {
    buffer_ = read_user_text(file_);
    open_.descriptor = Descriptor();
  } else if (buffer_.starts_with("\xef\xbb\xbf")) {
    begin_ = 3;
    offset_ = 3;
  }
}

bool TextLines::next(std::string& line) {
  if (!is_started_) begin();
  ++number_;
  size_t searched = begin_, end = 0;
  while ((end = buffer_.find('\n', searched)) == std::string::npos) {
    const size_t length = buffer_.size() - begin_;
    require(int64_t(length) <= kMaxLineBytes, "{}: the line has more than {} MiB", where(),
            kMaxLineBytes >> 20);
    buffer_.erase(0, begin_);
    begin_ = 0;
    searched = length;
    if (open_.descriptor.get() >= 0 && read_more()) continue;
    if (buffer_.empty()) return false;
    end = buffer_.size();
    break;
  }
  line = checked(buffer_.substr(begin_, end - begin_), offset_);
  offset_ += int64_t(end - begin_) + 1;
  begin_ = std::min(end + 1, buffer_.size());
  return true;
}

std::string TextLines::checked(std::string line, int64_t offset) const {
  const size_t wrong = first_wrong_byte(line);
  require(wrong == line.size(),
          "{}: byte {} of the file is 0x{:02X}, which is no UTF-8: save it as UTF-8, for example "
          "with iconv -f LATIN1 -t UTF-8",
          where(), offset + int64_t(wrong),
          wrong == line.size() ? 0U : unsigned(static_cast<unsigned char>(line[wrong])));
  require(line.find('\0') == std::string::npos,
          "{}: the line holds a zero byte, so it is no text, or UTF-16 without a byte order mark: "
          "save it as UTF-8",
          where());
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

}  // namespace sana
