// How the values of the options of a new container are written (docker-run(1), podman-run(1)). Pure: what is not in the
// text is given. Every reader takes the whole of its text or fails with one sentence; the caller adds the option.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/run_options.h"

namespace caisson::engine {

/// "true", "false" and their short forms, as docker's flags take them.
Result<bool> read_flag(std::string_view text);

/// A size in bytes: "100m", "1.5g", "65536".
Result<std::int64_t> read_size(std::string_view text);

/// The same, or "-1" for no limit.
Result<std::int64_t> read_size_or_unlimited(std::string_view text);

/// A number of CPUs with at most nine decimals, in thousand millionths: "1.5" → 1500000000.
Result<std::int64_t> read_nano_cpus(std::string_view text);

/// A list of CPUs or memory nodes as cpuset(7) takes it: "0-3,5".
Result<std::string> read_cpu_list(std::string_view text);

/// A whole number between the bounds, both included.
Result<std::int64_t> read_number(std::string_view text, std::int64_t least, std::int64_t most);

/// "NAME=SOFT[:HARD]"; -1 or "unlimited" for none. Names are those of setrlimit(2) in lower case without "RLIMIT_".
Result<Ulimit> read_ulimit(std::string_view text);

/// Up to four octal digits.
Result<std::uint32_t> read_umask(std::string_view text);

/// "TERM", "SIGTERM", "15".
Result<int> read_signal(std::string_view text);

/// "ctrl-p,ctrl-q": single characters and ctrl- with a letter or one of @[\]^_, as the bytes a terminal sends for them.
/// The empty text is the empty sequence.
Result<std::string> read_detach_keys(std::string_view text);

/// A name for a container: a letter or digit, then letters, digits, `_`, `.` and `-`.
Result<std::string> read_name(std::string_view text);

/// A host's or domain's name: at most 64 bytes (sethostname(2)) of letters, digits, `.`, `-` and `_`.
Result<std::string> read_host_name(std::string_view text);

/// An absolute path, cleaned.
Result<std::string> read_absolute_path(std::string_view text);

/// "missing", "always", "never" or "newer".
Result<PullPolicy> read_pull_policy(std::string_view text);

/// A word of --sdnotify: container, conmon, healthy or ignore.
Result<Readiness> read_readiness(std::string_view text);
std::string_view readiness_word(Readiness readiness);

/// A word of --cgroups: true where a cgroup is made.
Result<bool> read_cgroups(std::string_view text);

/// Absolute paths between commas, of --chrootdirs.
Result<> read_directories(std::string_view text, std::vector<std::string>& directories);

/// A SHA-256 in hexadecimal, perhaps behind "sha256:", in lower case.
Result<std::string> read_sha256(std::string_view text);

/// An IPv4 or IPv6 address.
Result<std::string> read_address(std::string_view text);

/// "NAME[;NAME…]:ADDRESS" or "NAME=ADDRESS" of --add-host; an IPv6 address may stand in brackets.
Result<HostAddress> read_host_address(std::string_view text);

/// "NAME=VALUE", or "NAME" for an empty value, of --label. Annotations and sysctls need the "=".
Result<std::pair<std::string, std::string>> read_label(std::string_view text);
Result<std::pair<std::string, std::string>> read_assignment(std::string_view text);

/// A command: one word as it stands, or an array of JSON strings.
Result<std::vector<std::string>> read_entrypoint(std::string_view text);

/// The caller's variable of that name, if there is one.
using Lookup = std::function<std::optional<std::string>(const std::string& name)>;

/// "NAME=VALUE" of --env, or "NAME" for the caller's variable: nothing where the caller has none.
Result<std::optional<EnvironmentVariable>> read_variable(std::string_view text, const Lookup& caller);

/// The lines of an --env-file: as --env, with `#` comments, blank lines and leading blanks left out. Quotes and
/// trailing blanks belong to the value. Errors, with the line's number: a name with blanks in it, or none; bytes that
/// are not UTF-8.
Result<std::vector<EnvironmentVariable>> read_environment_file(std::string_view text, const Lookup& caller);

/// The lines of a --label-file: "NAME=VALUE" or "NAME", with what --env-file leaves out left out. Errors: as there.
Result<std::vector<std::pair<std::string, std::string>>> read_label_file(std::string_view text);

/// "PORT[-PORT][/PROTOCOL]" of --expose, each port of the range: "80-81" → "80/tcp", "81/tcp". Protocols: tcp, udp,
/// sctp.
Result<> read_exposed(std::string_view text, std::vector<std::string>& ports);

/// A domain's name of --dns-search, or ".".
Result<std::string> read_domain(std::string_view text);

/// A word of --dns-option: no blanks.
Result<std::string> read_word(std::string_view text);

/// "local", or a zone's name below /usr/share/zoneinfo.
Result<std::string> read_timezone(std::string_view text);

/// "LINUX" or "LINUX32".
Result<std::string> read_personality(std::string_view text);

/// "true", "always" or "false" of --systemd.
Result<SystemdMode> read_systemd_mode(std::string_view text);

/// "stdin", "stdout" or "stderr" of --attach, added to `streams`.
Result<> read_attached_stream(std::string_view text, std::optional<AttachedStreams>& streams);

/// "bind" and "anonymous", which mean the same; "tmpfs"; "ignore".
Result<ImageVolumes> read_image_volumes(std::string_view text);

/// "10m", "1h30m", "250ms" (base/duration.h). Errors: what is none.
Result<std::chrono::nanoseconds> read_duration(std::string_view text);

}  // namespace caisson::engine
