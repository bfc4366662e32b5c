#include "oci/report.h"

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "kernel/files.h"

namespace caisson::oci {

namespace {

// containerd and Docker look for these words as Go writes them.
std::string as_go_writes(std::string line) {
  for (const std::string_view words :
       {"No such file or directory", "Permission denied", "Not a directory", "Connection refused"}) {
    for (std::size_t at = line.find(words); at != std::string::npos; at = line.find(words, at))
      line[at] = static_cast<char>(line[at] - 'A' + 'a');
  }
  return line;
}

}  // namespace

Result<Report> Report::open(const std::string& file, LogLevel threshold, LogFormat format) {
  Report report;
  if (!file.empty()) {
    Fd opened = TRY(kernel::open_file(file, O_WRONLY | O_CREAT | O_APPEND, 0644));
    // Its number must be none of those that are the container's (--preserve-fds).
    report.file_ = Fd(::fcntl(opened.get(), F_DUPFD_CLOEXEC, kFirstOwn));
    if (!report.file_) return fail(os_error("fcntl", file));
    report.to_file_ = true;
  }
  report.log_ = Log(report.to_file_ ? report.file_.get() : 2, threshold, format, kProgram);
  return report;
}

void Report::error(std::string_view message, std::string_view hint) const {
  // On one line: callers keep the line in which they find the word that they look for.
  const std::string line =
      as_go_writes(hint.empty() ? std::string(message) : fmt::format("{} (hint: {})", message, hint));
  if (to_file_) log_.error(line);
  const bool people_read = ::isatty(2) == 1;
  const Log spoken(2, LogLevel::kError, people_read ? LogFormat::kText : LogFormat::kLogfmt, kProgram);
  spoken.error(people_read ? message : std::string_view(line));
  if (people_read && !hint.empty()) spoken.hint(hint);
}

}  // namespace caisson::oci
