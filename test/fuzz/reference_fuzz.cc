// Arbitrary text as the name of an image and as a source. What is read can be written, in full and as people write it,
// and is the same when it is read again. What is not read is told in one line.
#include <cstdint>
#include <string>

#include "expect.h"
#include "image/image_source.h"
#include "image/reference.h"

namespace {

using namespace caisson;

void expect_one_line(const Error& error) {
  const std::string text = error.text();
  expect(!text.empty() && text.find_first_of(std::string("\n\r\033\0", 4)) == std::string::npos, "one line: " + text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<image::Reference> reference = image::parse_reference(text);
  if (reference) {
    expect(image::parse_reference(reference->text()) == *reference, "in full: " + reference->text());
    expect(image::parse_reference(reference->familiar()) == *reference, "for people: " + reference->familiar());
    expect(!image::is_short_name(reference->text()), "the full name is not short: " + reference->text());
  } else {
    expect_one_line(reference.error());
  }
  const auto source = image::parse_run_source(text, [](const std::string& path) { return path.size() % 2 == 0; });
  if (!source) {
    expect_one_line(source.error());
  } else if (source->kind == image::RunSourceKind::kImage) {
    const Result<image::ImageSource> again = image::parse_image_source(source->image.text());
    expect(again && again->text() == source->image.text(), "a source: " + source->image.text());
  }
  return 0;
}
