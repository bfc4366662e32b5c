// Quadlet files, as podman-systemd.unit(5) has them, made units of. Pure.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace caisson::units {

/// A file, or a drop-in of one.
struct QuadletText {
  std::string path;
  std::string text;
};

/// The pod of a .pod file, as other units see it.
struct QuadletPod {
  std::string name;
  std::string service;                ///< "web-pod.service"
  std::vector<std::string> services;  ///< of the containers that start with it
};

struct QuadletContext {
  std::string program;  ///< caisson's path
  bool is_user = false;
  /// Whether `caisson run` has that option ("dns-option").
  std::function<bool(std::string_view option)> has_option;
  /// Quadlet files of volumes that there are: "data.volume" → what the volume is called.
  std::map<std::string, std::string> volumes;
  std::map<std::string, QuadletPod> pods;  ///< "web.pod" → …
};

/// A symbolic link that [Install] asks for.
struct Link {
  std::string path;    ///< "multi-user.target.wants/web.service", in the generator's directory
  std::string target;  ///< "../web.service"
  bool operator==(const Link&) const = default;
};

struct GeneratedUnit {
  std::string name;  ///< "web.service"
  std::string text;
  std::vector<Link> links;
};

/// Whether a file of that name is a Quadlet file: .container, .volume, .pod, .kube, and those that are refused
/// (.network, .image, .build, .artifact).
bool is_quadlet_name(std::string_view file_name);

/// What the volume of a .volume file is called. Errors as of generate_unit().
Result<std::string> volume_name(std::string_view file_name, const std::vector<QuadletText>& files);

/// The pod of a .pod file, without its containers' services. Errors as of generate_unit().
Result<QuadletPod> pod_of(std::string_view file_name, const std::vector<QuadletText>& files);

/// Of a .container file: the pod file that it names ("web.pod") and its own service; nothing where it names none, or
/// does not start with the pod. Errors as of generate_unit().
struct PodMember {
  std::string pod;
  std::string service;
};
Result<std::optional<PodMember>> pod_member(std::string_view file_name, const std::vector<QuadletText>& files);

/// The unit of a file and its drop-ins; `file_name`: "web.container". Errors name file and line: a key that there is
/// not, or not yet; a value that is none; a section that does not belong there; no Image=.
Result<GeneratedUnit> generate_unit(std::string_view file_name, const std::vector<QuadletText>& files,
                                    const QuadletContext& context);

}  // namespace caisson::units
