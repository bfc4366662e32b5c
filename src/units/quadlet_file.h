// A Quadlet file while a unit is made of it: for the kinds of files alone.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "units/quadlet.h"
#include "units/unit_file.h"

namespace caisson::units {

/// An assignment, and the file that it stands in.
struct Line {
  Assignment assignment;
  const std::string* path = nullptr;

  const std::string& key() const { return assignment.key; }
  const std::string& value() const { return assignment.value; }
  /// "FILE:LINE: Key=value: what".
  Error wrong(std::string_view what, std::string hint = {}) const;
};

struct Group {
  std::string name;
  std::size_t line = 0;
  const std::string* path = nullptr;
  std::vector<Line> lines;
};

/// A file with its drop-ins.
class Quadlet {
 public:
  static Result<Quadlet> read(const std::vector<QuadletText>& files);

  const Group* group(std::string_view name) const;
  /// The lines with that key that count: not those before an empty one, which takes them back (systemd.syntax(7)).
  std::vector<const Line*> all(std::string_view group_name, std::string_view key) const;
  const Line* last(std::string_view group_name, std::string_view key) const;
  /// Error: a section that is neither systemd's nor `own`.
  Result<> check_sections(std::string_view own) const;
  const std::vector<Group>& groups() const { return groups_; }

 private:
  std::vector<Group> groups_;
};

/// Values. Errors name file and line.
Result<bool> read_flag(const Line& line);
Result<std::vector<std::string>> read_words(const Line& line);

/// The words of all the lines with that key.
Result<std::vector<std::string>> all_words(const Quadlet& quadlet, std::string_view group_name, std::string_view key);

/// "./data" of a unit file is beside it, as podman has it; other paths are what they are.
std::string beside(const Line& line, const std::string& path);

struct FileName {
  std::string stem;  ///< "web", "web@", "web@one"
  std::string_view suffix;
  bool is_template() const { return stem.ends_with('@'); }
  bool is_instance() const { return !is_template() && stem.find('@') != stem.npos; }
};

/// Nothing: not a name of a Quadlet file.
std::optional<FileName> parse_file_name(std::string_view name);

/// The unit that comes of a file: what it says of [Unit], [Service] and [Install] as it stands, and what is added.
class Draft {
 public:
  /// `own`: the section that is not systemd's; it stays to be read, as "X-Container".
  Draft(const Quadlet& quadlet, std::string_view own, std::string_view path);

  bool has(std::string_view section, std::string_view key) const;
  void add(std::string_view section, std::string_view key, std::string value);
  void add_unless_set(std::string_view section, std::string_view key, std::string value);
  std::string text() const { return write_unit_file(sections_); }

 private:
  std::vector<Section> sections_;
};

/// A container waits for the network, unless the file says otherwise; a user's systemd has no such target.
Result<> add_network_online(const Quadlet& quadlet, const QuadletContext& context, Draft& draft);

/// What [Install] asks for. Errors: what is no name of a unit.
Result<std::vector<Link>> links_of(const Quadlet& quadlet, const FileName& name);

std::string name_of_pod(const Quadlet& quadlet, const FileName& name);
/// "web-pod.service", or what ServiceName= says.
std::string service_of_pod(const Quadlet& quadlet, const FileName& name);
Result<GeneratedUnit> generate_pod(const Quadlet& quadlet, const FileName& name, const std::vector<QuadletText>& files,
                                   const QuadletContext& context);
Result<GeneratedUnit> generate_kube(const Quadlet& quadlet, const FileName& name, const std::vector<QuadletText>& files,
                                    const QuadletContext& context);
std::string name_of_volume(const Quadlet& quadlet, const FileName& name);
Result<GeneratedUnit> generate_volume(const Quadlet& quadlet, const FileName& name,
                                      const std::vector<QuadletText>& files, const QuadletContext& context);
Result<GeneratedUnit> generate_container(const Quadlet& quadlet, const FileName& name,
                                         const std::vector<QuadletText>& files, const QuadletContext& context);

}  // namespace caisson::units
