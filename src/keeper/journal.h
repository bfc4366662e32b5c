// A container's log in systemd's journal.
#pragma once

#include <span>
#include <string_view>

#include "base/fd.h"
#include "keeper/log_file.h"

namespace caisson::keeper {

inline constexpr std::string_view kJournalSocket = "/run/systemd/journal/socket";

/// Entries in the journal's native protocol (systemd's "Native Journal Protocol"): one datagram a line, with the fields
/// given, PRIORITY 6 for standard output and 3 for standard error, and CONTAINER_PARTIAL_MESSAGE=true where the line
/// goes on in the stream's next entry, as docker and podman have them. Nothing waits for the journal: an entry that it
/// does not take is lost, and so is one where it does not run.
class Journal {
 public:
  /// `fields`: lines "NAME=VALUE\n"; borrowed. Null: no journal is written.
  explicit Journal(const char* fields) : fields_(fields) {}

  bool wanted() const { return fields_ != nullptr; }
  void append(LogStream stream, std::span<const char> bytes);

 private:
  void send(LogStream stream, std::span<const char> text, bool is_partial);

  const char* fields_;
  Fd socket_;
};

}  // namespace caisson::keeper
