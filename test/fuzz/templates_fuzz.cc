// Arbitrary text as a template. What is read is filled in, or told in one line what is wrong with it, at a column that
// is there; twice the same; within its bounds.
#include <cstdint>
#include <string>

#include "base/text.h"
#include "expect.h"
#include "templates/template.h"

namespace {

using namespace caisson;

const nlohmann::ordered_json& object() {
  static const auto kObject = nlohmann::ordered_json::parse(
      R"({"A":"text","B":[1,-2,3.5,"x",null],"C":{"D":true,"E":{"F":[]}},"G":null,"Labels":{"a.b":"c"}})");
  return kObject;
}

void expect_told(const Error& error, std::size_t size) {
  const std::string text = error.text();
  expect(text.starts_with("column "), "a column: " + text);
  const auto column = parse_unsigned(split(std::string_view(text).substr(7), ':')[0]);
  expect(column && *column >= 1 && *column <= size + 1, "a column that is there: " + text);
  expect(text.find_first_of(std::string("\n\r\033\0", 4)) == std::string::npos, "one line: " + text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto escapes = size % 2 == 0 ? templates::Escapes::kRead : templates::Escapes::kAsTheyAre;
  const Result<templates::Template> parsed = templates::Template::parse(text, escapes);
  if (!parsed) {
    expect_told(parsed.error(), size);
    return 0;
  }
  (void)parsed->heading([](const std::string& field) { return field; });
  (void)parsed->uses("A");
  const templates::Methods methods = {{"Label", [](const std::string& name) { return name; }}};
  const Result<std::string> out = parsed->render(object(), {.maps = {"Labels"}}, methods);
  const Result<std::string> again = parsed->render(object(), {.maps = {"Labels"}}, methods);
  if (!out) {
    expect_told(out.error(), size);
    expect(!again && again.error().text() == out.error().text(), "the same error");
    return 0;
  }
  expect(out->size() <= 16U << 20, "bounded");
  expect(again == *out, "the same");
  return 0;
}
