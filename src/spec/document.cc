#include "spec/document.h"

#include <algorithm>

#include <rapidjson/error/en.h>
#include <nlohmann/json.hpp>

namespace caisson::spec {

namespace {

std::string line_and_column(std::string_view text, std::size_t position) {
  const std::string_view before = text.substr(0, position);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return fmt::format("line {}, column {}", line, before.size() - line_start + 1);
}

// Parses once more for the words about a syntax error, for which the tree's parser has no time: what was expected
// there.
class ErrorPlace : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return true; }
  bool key(string_t&) override { return true; }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) override {
    position_ = position;
    words_ = error.what();
    return false;
  }

  bool found() const { return !words_.empty(); }

  // "line 3, column 7: syntax error while parsing value - unexpected ']'…"
  std::string text(std::string_view json) const {
    const std::size_t words = words_.find("syntax error");
    return fmt::format("{}: {}", line_and_column(json, position_ == 0 ? 0 : position_ - 1),
                       words == std::string::npos ? words_ : words_.substr(words));
  }

 private:
  std::size_t position_ = 0;
  std::string words_;
};

}  // namespace

std::optional<Document> parse_document(std::string_view json, Findings& findings) {
  // The parser takes it for the end of the text, whatever follows.
  if (const std::size_t null = json.find('\0'); null != std::string_view::npos) {
    findings.errors.push_back({"", fmt::format("not JSON: {}: a null byte", line_and_column(json, null))});
    return std::nullopt;
  }
  constexpr unsigned kHow = rapidjson::kParseValidateEncodingFlag | rapidjson::kParseIterativeFlag;
  Document document;
  document.Parse<kHow>(json.data(), json.size());
  if (!document.HasParseError()) return document;
  ErrorPlace place;
  nlohmann::json::sax_parse(json, &place);
  findings.errors.push_back(
      {"", "not JSON: " + (place.found() ? place.text(json)
                                         : fmt::format("{}: {}", line_and_column(json, document.GetErrorOffset()),
                                                       rapidjson::GetParseError_En(document.GetParseError())))});
  return std::nullopt;
}

}  // namespace caisson::spec
