#include "units/unit_text.h"

#include <fmt/format.h>

#include "base/text.h"
#include "units/unit_file.h"

namespace caisson::units {

namespace {

constexpr std::int32_t kTimeBeyondStop_s = 60;  // as podman: for what is done beside waiting

class Command {
 public:
  explicit Command(const std::vector<std::string>& program) {
    for (const std::string& word : program) add(literal_exec_word(word));
  }
  /// A word of systemd's, with specifiers.
  Command& operator<<(std::string_view word) { return add(quoted_word(word)); }
  Command& literally(std::string_view word) { return add(literal_exec_word(word)); }
  const std::string& line() const { return line_; }

 private:
  Command& add(const std::string& word) {
    line_ += (line_.empty() ? "" : " ") + word;
    return *this;
  }
  std::string line_;
};

constexpr std::string_view kIdFile = "--cidfile=%t/%n.ctr-id";

void add_new(const ContainerUnit& unit, Section& service) {
  const std::string timeout = std::to_string(unit.stop_timeout_s);
  Command start(unit.program);
  start << "run" << kIdFile << "-d" << "--rm";
  if (unit.has_name) start << "--replace";
  for (const std::string& word : *unit.create_words) start.literally(word);
  Command stop(unit.program);
  stop << "stop" << "--ignore" << "-t" << timeout << kIdFile;
  Command remove(unit.program);
  remove << "rm" << "-f" << "--ignore" << "-t" << timeout << kIdFile;
  service.assignments.push_back({"ExecStartPre", "/bin/rm -f %t/%n.ctr-id"});
  service.assignments.push_back({"ExecStart", start.line()});
  service.assignments.push_back({"ExecStop", stop.line()});
  service.assignments.push_back({"ExecStopPost", remove.line()});
}

void add_existing(const ContainerUnit& unit, Section& service) {
  Command start(unit.program);
  start << "start";
  start.literally(unit.container);
  Command stop(unit.program);
  stop << "stop" << "-t" << std::to_string(unit.stop_timeout_s);
  stop.literally(unit.container);
  service.assignments.push_back({"ExecStart", start.line()});
  service.assignments.push_back({"ExecStop", stop.line()});
  service.assignments.push_back({"ExecStopPost", stop.line()});  // where the monitor was killed: the container goes too
}

std::string with_network(const std::vector<std::string>& units) {
  return units.empty() ? "network-online.target" : "network-online.target " + join(units, " ");
}

}  // namespace

std::string unit_text(const ContainerUnit& unit) {
  Section head{.name = "Unit"};
  head.assignments = {{"Description", "caisson container " + unit.container},
                      {"Documentation", "man:caisson-generate-systemd(1)"},
                      {"Wants", with_network(unit.wants)},
                      {"After", with_network(unit.after)},
                      {"RequiresMountsFor", literal_word(unit.root)}};
  if (!unit.requires_units.empty()) head.assignments.push_back({"Requires", join(unit.requires_units, " ")});

  Section service{.name = "Service"};
  for (const std::string& variable : unit.environment)
    service.assignments.push_back({"Environment", literal_word(variable)});
  service.assignments.push_back({"Restart", unit.restart_policy});
  if (unit.restart_s) service.assignments.push_back({"RestartSec", std::to_string(*unit.restart_s)});
  if (unit.start_timeout_s) service.assignments.push_back({"TimeoutStartSec", std::to_string(*unit.start_timeout_s)});
  service.assignments.push_back({"TimeoutStopSec", unit.stop_timeout_s < 0
                                                       ? "infinity"
                                                       : std::to_string(unit.stop_timeout_s + kTimeBeyondStop_s)});
  if (unit.create_words) {
    add_new(unit, service);
  } else {
    add_existing(unit, service);
  }
  service.assignments.push_back({"Type", "forking"});
  service.assignments.push_back({"Delegate", "yes"});
  service.assignments.push_back({"SuccessExitStatus", "143"});

  const Section install{.name = "Install", .assignments = {{"WantedBy", "default.target"}}};
  return write_unit_file({head, service, install});
}

}  // namespace caisson::units
