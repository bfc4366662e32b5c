#include "units/quadlet.h"

#include <fmt/format.h>

#include "units/quadlet_file.h"

namespace caisson::units {

namespace {

Error not_there_yet(std::string_view path, std::string_view suffix) {
  const std::string_view what = suffix == ".network" ? "networks are"
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

Result<QuadletPod> pod_of(std::string_view file_name, const std::vector<QuadletText>& files) {
  const auto name = parse_file_name(file_name);
  if (!name || name->suffix != ".pod") return fail(complaint(fmt::format("{}: not a .pod file", file_name)));
  const Quadlet quadlet = TRY(Quadlet::read(files));
  return QuadletPod{.name = name_of_pod(quadlet, *name), .service = service_of_pod(quadlet, *name), .services = {}};
}

Result<std::optional<PodMember>> pod_member(std::string_view file_name, const std::vector<QuadletText>& files) {
  const auto name = parse_file_name(file_name);
  if (!name || name->suffix != ".container" || name->is_template()) return std::nullopt;
  const Quadlet quadlet = TRY(Quadlet::read(files));
  const Line* const pod = quadlet.last("Container", "Pod");
  const Line* const starts = quadlet.last("Container", "StartWithPod");
  if (pod == nullptr || (starts != nullptr && !TRY(read_flag(*starts)))) return std::nullopt;
  const Line* const service = quadlet.last("Container", "ServiceName");
  return PodMember{.pod = pod->value(), .service = (service == nullptr ? name->stem : service->value()) + ".service"};
}

Result<GeneratedUnit> generate_unit(std::string_view file_name, const std::vector<QuadletText>& files,
                                    const QuadletContext& context) {
  const auto name = parse_file_name(file_name);
  if (!name || files.empty()) return fail(complaint(fmt::format("{}: no Quadlet file", file_name)));
  const bool is_there =
      name->suffix == ".container" || name->suffix == ".volume" || name->suffix == ".pod" || name->suffix == ".kube";
  if (!is_there) return fail(not_there_yet(files.front().path, name->suffix));
  const Quadlet quadlet = TRY(Quadlet::read(files));
  if (name->suffix == ".volume") return generate_volume(quadlet, *name, files, context);
  if (name->suffix == ".pod") return generate_pod(quadlet, *name, files, context);
  if (name->suffix == ".kube") return generate_kube(quadlet, *name, files, context);
  return generate_container(quadlet, *name, files, context);
}

}  // namespace caisson::units
