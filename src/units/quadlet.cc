#include "units/quadlet.h"

#include <fmt/format.h>

#include "units/quadlet_file.h"

namespace caisson::units {

namespace {

Error not_there_yet(std::string_view path, std::string_view suffix) {
  const std::string_view what = suffix == ".network" ? "networks are"
                                : suffix == ".pod"   ? "pods are"
                                : suffix == ".kube"  ? "Kubernetes files are"
                                : suffix == ".image" ? "units that pull images are"
                                : suffix == ".build" ? "units that build images are"
                                                     : "artifacts are";
  return complaint(fmt::format("{}: {} not there yet", path, what),
                   suffix == ".image" ? "a .container file with Pull= pulls its image itself" : "");
}

}  // namespace

bool is_quadlet_name(std::string_view file_name) { return parse_file_name(file_name).has_value(); }

Result<std::string> volume_name(std::string_view file_name, const std::vector<QuadletText>& files) {
  const auto name = parse_file_name(file_name);
  if (!name || name->suffix != ".volume") return fail(complaint(fmt::format("{}: not a .volume file", file_name)));
  return name_of_volume(TRY(Quadlet::read(files)), *name);
}

Result<GeneratedUnit> generate_unit(std::string_view file_name, const std::vector<QuadletText>& files,
                                    const QuadletContext& context) {
  const auto name = parse_file_name(file_name);
  if (!name || files.empty()) return fail(complaint(fmt::format("{}: no Quadlet file", file_name)));
  if (name->suffix != ".container" && name->suffix != ".volume")
    return fail(not_there_yet(files.front().path, name->suffix));
  const Quadlet quadlet = TRY(Quadlet::read(files));
  if (name->suffix == ".volume") return generate_volume(quadlet, *name, files, context);
  return generate_container(quadlet, *name, files, context);
}

}  // namespace caisson::units
