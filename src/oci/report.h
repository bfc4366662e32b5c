// What the runtime says beside its output, in the forms that its callers read: runc's log file, and standard error.
#pragma once

#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/log.h"
#include "base/result.h"

namespace caisson::oci {

inline constexpr std::string_view kProgram = "caisson-oci";

/// The first number of descriptors of this program's own that stay open: those before it may be the container's.
inline constexpr int kFirstOwn = 500;

/// Messages go to standard error as text ("time="…" level=error msg="…""; for people, on a terminal: "caisson-oci:
/// error: …"), or to a file as text or JSON. An error that goes to a file is told on standard error too.
class Report {
 public:
  Report() = default;

  /// `file` empty: standard error alone. Errors: it cannot be opened.
  static Result<Report> open(const std::string& file, LogLevel threshold, LogFormat format);

  void error(std::string_view message, std::string_view hint) const;
  const Log& log() const { return log_; }

 private:
  Log log_{2, LogLevel::kWarning, LogFormat::kLogfmt, kProgram};
  bool to_file_ = false;
  Fd file_;
};

}  // namespace caisson::oci
