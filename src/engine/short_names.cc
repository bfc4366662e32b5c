#include "engine/short_names.h"

#include "image/transfer_child.h"

namespace caisson::engine {

image::ShortNames short_names(const Places& places) {
  return [transfer = places.libexec + "/transfer"](const std::string& text) -> Result<std::vector<image::Reference>> {
    const image::Report report = TRY(
        image::run_transfer({transfer, "names", "--report", "--", text}, std::nullopt, "read registries.conf", Log()));
    TRY(report.digest);
    std::vector<image::Reference> names;
    for (const std::string& line : report.lines) names.push_back(TRY(image::parse_reference(line)));
    return names;
  };
}

}  // namespace caisson::engine
