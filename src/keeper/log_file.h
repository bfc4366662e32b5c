// The log of one container, as its keeper writes it.
#pragma once

#include <sys/uio.h>
#include <time.h>

#include <array>
#include <cstdint>
#include <span>

#include "base/fd.h"
#include "keeper/json_text.h"
#include "keeper/log_stamp.h"

namespace caisson::keeper {

/// Which of a container's two outputs a piece came from; a terminal's is kOutput.
enum class LogStream : std::uint8_t { kOutput, kError };

enum class EntryFormat : std::uint8_t { kLines, kJson };

/// Where a log lies and how long it may become.
struct LogSettings {
  const char* path = nullptr;  ///< absolute; null: no file is kept
  EntryFormat format = EntryFormat::kLines;
  std::int64_t file_bytes = 10 * 1024 * 1024;  ///< a file that would become longer is set aside; 0: never
  int files = 3;                               ///< PATH, PATH.1, … in all; what is older is removed
  const char* journal =
      nullptr;  ///< systemd's journal instead: the fields of each entry, "NAME=VALUE\n" each (journal.h)
};

/// kLines is Kubernetes' log format (its CRI's, podman's k8s-file): one line for each line of output,
///
///     2026-11-23T13:00:00.123456789+00:00 stdout F the line
///
/// with P instead of F where the line goes on in the stream's next entry: output is written as it comes, and a prompt
/// without a newline is in the log at once. kJson is docker's json-file,
///
///     {"log":"the line\n","stream":"stdout","time":"2026-11-23T13:00:00.123456789+00:00"}
///
/// without the \n where the line goes on; what is not UTF-8 becomes U+FFFD. No entry is split between files. A write
/// that fails (the disk is full) costs the log these entries, and the container nothing.
class LogFile {
 public:
  explicit LogFile(const LogSettings& settings) : settings_(settings) {}

  bool wanted() const { return settings_.path != nullptr; }

  /// Writes what was read at `moment`. The file is opened, and made with mode 0600, with the first byte.
  void append(LogStream stream, std::span<const char> bytes, timespec moment);

  /// Nothing more comes of `stream`: what was kept back as the beginning of a character is written.
  void finish(LogStream stream, timespec moment);

 private:
  static constexpr std::size_t kBatch = 64;

  // An entry as writev takes it: in lines, stamp, stream and tag; the text; the newline, if the text has none.
  static constexpr std::size_t kPieces = 5;  // of the longer form
  struct Head {
    std::array<char, kStampLength> stamp;
    std::array<char, 10> rest;  // " stdout F "
  };

  void append_lines(LogStream stream, std::span<const char> bytes, timespec moment);
  void append_json(LogStream stream, std::span<const char> bytes, timespec moment);
  void write_json(LogStream stream, std::span<const char> text, timespec moment);
  void make_room(std::int64_t entry_bytes);
  void add(const void* bytes, std::size_t length);
  bool open();
  void rotate();
  void flush();

  LogSettings settings_;
  Fd file_;
  std::int64_t length_ = 0;
  std::array<iovec, kBatch * kPieces> batch_;
  std::size_t batched_ = 0;
  std::int64_t batched_bytes_ = 0;

  // Of each stream: the beginning of a character, until the rest of it comes.
  struct Held {
    std::array<char, 4> bytes;
    std::size_t count = 0;
  };
  std::array<Held, 2> held_{};
};

}  // namespace caisson::keeper
