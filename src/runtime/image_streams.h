// What a checkpoint says of its first process's standard streams, which its restorer brings along.
//
//   IMAGES/descriptors.json       what each of them was: "pipe:[4711]"; the file that other runtimes keep too
//   IMAGES/caisson-streams.json   the key by which criu asks for each of them: "tty[8803:2a]"; empty: it does not
#pragma once

#include <sys/types.h>

#include <array>
#include <string>

#include "base/result.h"

namespace caisson::runtime {

/// In the order of their numbers.
using StreamKeys = std::array<std::string, 3>;

/// Whether it stands for a terminal, or a file from outside of the container, which criu has to be told of on dump.
bool is_terminal_key(const std::string& key);
bool is_file_key(const std::string& key);
bool is_external_key(const std::string& key);

/// The keys of the process `pid`, whose mounts are those of `mountinfo` (/proc/PID/mountinfo).
struct ProcessStreams {
  StreamKeys targets;  ///< of the links below /proc/PID/fd; "" where one is closed
  StreamKeys keys;
};
ProcessStreams streams_of(pid_t pid, std::string_view mountinfo);

Result<> write_streams(const std::string& image_path, const ProcessStreams& streams);

/// The keys of the images at `image_path`: pipes alone where another runtime made them. Errors: there are none; they
/// cannot be understood.
Result<StreamKeys> read_stream_keys(const std::string& image_path);

}  // namespace caisson::runtime
