// Units that `caisson generate systemd` writes. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace caisson::units {

/// What a unit is made of.
struct ContainerUnit {
  std::vector<std::string>
      program;            ///< how caisson is called: its path, and --root and --runroot where they are needed
  std::string root;       ///< has to be mounted
  std::string container;  ///< its name or its id
  std::string name;       ///< of the unit, without ".service"
  /// Of `caisson run`, from its options on; nothing: the container that is there is started.
  std::optional<std::vector<std::string>> create_words;
  bool has_name = false;  ///< with create_words: a former one of its name is replaced
  std::int32_t stop_timeout_s = 10;
  std::string restart_policy = "on-failure";  ///< systemd.service(5) Restart=
  std::optional<std::uint32_t> restart_s;
  std::optional<std::uint32_t> start_timeout_s;
  std::vector<std::string> after;
  std::vector<std::string> requires_units;
  std::vector<std::string> wants;
  std::vector<std::string> environment;  ///< "NAME=VALUE"
};

/// The text of the unit. Its main process is the container's monitor, which is what is left of the command that starts
/// it, and ends with the exit status of the container.
std::string unit_text(const ContainerUnit& unit);

}  // namespace caisson::units
