#include "image/index_lines.h"

#include <algorithm>
#include <string>

namespace caisson::image {

namespace {

constexpr std::string_view kList = "manifests";

// Goes through JSON without escapes from one of its marks to the next: there a string ends at the next '"'.
class Marks {
 public:
  explicit Marks(std::string_view json) : json_(json) {}

  // The place of the next bracket or comma outside of strings; the length of the text at its end.
  std::size_t next() {
    while (at_ < json_.size()) {
      switch (json_[at_++]) {
        case '[':
        case ']':
        case '{':
        case '}':
        case ',': return at_ - 1;
        case '"': pass_string(); break;
        default: break;
      }
    }
    return json_.size();
  }
  std::string_view last_string() const { return last_string_; }

 private:
  void pass_string() {
    const std::size_t end = std::min(json_.find('"', at_), json_.size());
    last_string_ = json_.substr(at_, end - at_);
    at_ = end + 1;
  }

  std::string_view json_;
  std::size_t at_ = 0;
  std::string_view last_string_;
};

}  // namespace

std::optional<std::vector<std::string_view>> lines_with(std::string_view json, std::string_view word, Stands stands) {
  if (json.find('\\') != std::string_view::npos) return std::nullopt;
  const std::string quoted = (stands == Stands::kAlone ? "\"" : "") + std::string(word) + '"';
  std::vector<std::string_view> lines;
  Marks marks(json);
  int depth = 0;
  bool in_list = false;
  bool had_list = false;
  std::size_t begin = 0;  // of the line that `in_list` is in
  for (std::size_t at = marks.next(); at < json.size(); at = marks.next()) {
    const char mark = json[at];
    if (depth == 0 && mark != '{') return std::nullopt;
    if (depth == 1 && mark == '[' && marks.last_string() == kList) {
      if (had_list) return std::nullopt;
      in_list = had_list = true;
      begin = at + 1;
    }
    if (in_list && depth == 2 && (mark == ',' || mark == ']')) {
      const std::string_view line = json.substr(begin, at - begin);
      if (line.find(quoted) != std::string_view::npos) lines.push_back(line);
      begin = at + 1;
    }
    if (mark == '[' || mark == '{') ++depth;
    if (mark == ']' || mark == '}') --depth;
    if (depth == 1) in_list = false;
  }
  if (depth != 0 || !had_list) return std::nullopt;
  return lines;
}

}  // namespace caisson::image
