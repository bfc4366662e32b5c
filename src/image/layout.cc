#include "image/layout.h"

#include <fmt/format.h>

#include "image/document.h"
#include "image/quoted.h"
#include "spec/fields.h"

namespace caisson::image {

Result<> check_layout(std::string_view json, std::string_view what) {
  const spec::Document layout = TRY(parse_document(json, what, kLayoutBytes));
  spec::Findings findings;
  std::string version;
  spec::Fields(layout, spec::Place(""), findings).require("imageLayoutVersion", version);
  if (!findings.errors.empty()) return fail(spec::as_error(findings.errors, what));
  if (version.starts_with("1.")) return {};
  return fail(in(what, complaint(fmt::format("it is of version {}, and 1.0.0 is known", quoted_name(version)))));
}

}  // namespace caisson::image
