// --log-driver and --log-opt: where what a container writes is kept. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace caisson::engine {

enum class LogDriver {
  kLines,    ///< "k8s-file": a file, with Kubernetes' lines
  kJson,     ///< "json-file": a file, with docker's
  kJournal,  ///< "journald"
  kNone,
};

struct LogChoice {
  LogDriver driver = LogDriver::kLines;
  std::string path;                            ///< absolute; empty: in the container's directory
  std::int64_t file_bytes = 10 * 1024 * 1024;  ///< one that would become longer is set aside; 0: never
  std::int32_t files = 3;                      ///< in all
  std::string tag;  ///< in the journal, with {{.ID}}, {{.FullID}}, {{.Name}}, {{.ImageName}}; empty: the name

  bool operator==(const LogChoice&) const = default;
};

std::string_view log_driver_name(LogDriver driver);

/// "k8s-file", "json-file", "journald", "none". Errors: another.
Result<> read_log_driver(std::string_view text, LogChoice& choice);

/// "max-size=10m", "max-file=3", "path=/…", "tag=…". Errors: another, or a value that is none. What the driver does not
/// know is check_log_choice()'s.
Result<> read_log_option(std::string_view text, LogChoice& choice);

/// Errors: an option that the driver has no use for.
Result<> check_log_choice(const LogChoice& choice);

/// What the tag says of a container.
struct LogSubject {
  std::string id;
  std::string name;
  std::string image;
};

/// The fields of the journal's entries, each "NAME=VALUE\n": CONTAINER_ID, CONTAINER_ID_FULL, CONTAINER_NAME,
/// CONTAINER_TAG, IMAGE_NAME and SYSLOG_IDENTIFIER, as docker (journald logging driver) and podman have them.
std::string journal_fields(const LogChoice& choice, const LogSubject& subject);

}  // namespace caisson::engine
