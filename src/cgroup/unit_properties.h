// Resources of the OCI configuration → properties of a systemd unit (org.freedesktop.systemd1(5)), so that the manager
// of the unit knows of them too and keeps them when it is reloaded. Pure; tables in test/unit/unit_properties_test.cc.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "cgroup/scope.h"
#include "host/facts.h"
#include "spec/config.h"

namespace caisson::cgroup {

/// A property of a unit, with its value as busctl(1) takes it: {"TasksMax", "t", {"20"}}.
struct UnitProperty {
  std::string name;
  std::string signature;
  std::vector<std::string> words;
  bool operator==(const UnitProperty&) const = default;
};

/// The properties that say what `resources` says, for a version of systemd and of cgroups: what is given by
/// linux.resources.unified comes last and decides. What systemd has no property for, in this version, is left to the
/// files of the cgroup, to which everything is written anyway (conversion.h). So are the devices: `update` leaves them
/// as they are (device_properties()).
/// Errors, with the item: values that no unit can have, such as a list of processors that is none.
Result<std::vector<UnitProperty>> resource_properties(const spec::Resources& resources, const HostFacts& facts);

/// The quota that systemd makes of `cpu`'s, whole percents of a processor: what is written to the cgroup's files as
/// well.
spec::Cpu rounded_quota(spec::Cpu cpu);

/// DevicePolicy and DeviceAllow: at least what `rules` and implied_device_rules() allow. Rules that a list of what is
/// allowed cannot express allow more here: the program that is attached to the cgroup decides as well (v2).
std::vector<UnitProperty> device_properties(const std::vector<spec::DeviceRule>& rules);

/// The properties of a new scope, all but PIDs: what it is, accounting, `resources` and their devices, and whatever
/// the annotations say, "org.systemd.property.NAME" with a value as GVariant text. NAME may end in Sec where systemd's
/// name ends in USec: the value is in seconds then.
/// Errors: those of resource_properties(); an annotation that is no property, by its name or its value.
Result<std::vector<UnitProperty>> scope_properties(const Scope& scope, const std::string& description,
                                                   const spec::Resources& resources,
                                                   const std::map<std::string, std::string>& annotations,
                                                   const HostFacts& facts);

/// The words of a request: NAME SIGNATURE WORD… of each property.
std::vector<std::string> request_words(const std::vector<UnitProperty>& properties);

}  // namespace caisson::cgroup
