// cp: files between a container and this host, or between containers.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/transfer.h"
#include "command_line/options.h"
#include "engine/conclude.h"
#include "engine/containers.h"
#include "engine/copy_view.h"
#include "engine/mount_grammar.h"
#include "kernel/files.h"

namespace caisson::cli {

namespace {

struct CpOptions {
  bool archive = false;
  bool follow = false;
  bool overwrite = false;
};

template <auto Member>
Result<> set_flag(CpOptions& options, const Use& use) {
  return options.*Member = use.value == "true", Result<>();
}

const Option<CpOptions> kOptions[] = {
    {{"archive", 'a', {}, {}, "Keep owners, set-ID bits and capabilities"}, set_flag<&CpOptions::archive>},
    {{"follow-link", 'L', {}, {}, "Copy what a symbolic link at SRC leads to"}, set_flag<&CpOptions::follow>},
    {{"overwrite", 0, {}, {}, "Let a directory give way to a file, and a file to a directory"},
     set_flag<&CpOptions::overwrite>},
    {{"quiet", 'q', {}, {}, "As docker's: there is no progress to be quiet about"},
     [](CpOptions&, const Use&) -> Result<> { return {}; }},
};

// One of the two operands.
struct End {
  std::string container;  ///< empty: this host
  std::string path;       ///< absolute, but for its end as it was typed
  bool is_stream = false;
};

// docker-cp(1): a path that begins with a slash or a dot is this host's, whatever colons are in it.
Result<End> read_end(const std::string& text) {
  if (text.empty()) return fail(complaint("a path is missing"));
  if (text == "-") return End{.container = {}, .path = {}, .is_stream = true};
  const Cut parts = cut(text, ':');
  if (parts.tail && !text.starts_with('/') && !text.starts_with('.') &&
      parts.head.find('/') == std::string_view::npos) {
    if (parts.head.empty() || parts.tail->empty())
      return fail(complaint(fmt::format("'{}' is not CONTAINER:PATH", text)));
    const std::string path(*parts.tail);
    return End{.container = std::string(parts.head), .path = path.starts_with('/') ? path : "/" + path};
  }
  if (text.starts_with('/')) return End{.container = {}, .path = text};
  char* here = ::get_current_dir_name();
  if (here == nullptr) return fail(os_error("getcwd", text));
  End end{.container = {}, .path = fmt::format("{}/{}", here, text)};
  std::free(here);
  return end;
}

bool means_contents(const std::string& path) {
  return path.ends_with("/.") || path.ends_with("/..") || engine::clean_path(path) == "/";
}

// What a copy is called: the last component.
std::string name_of(const std::string& path) {
  const std::string clean = engine::clean_path(path);
  return clean == "/" ? "root" : clean.substr(clean.rfind('/') + 1);
}

struct Side {
  std::vector<std::string> words;
  std::optional<kernel::IdMaps> maps;
  Fd lock;
};

Result<Side> side_of(const Command& command, const End& end) {
  if (end.container.empty()) return Side{.words = {"--host", "--path", end.path}, .maps = std::nullopt, .lock = Fd()};
  const engine::Container container = TRY(engine::find_container(command.places, end.container));
  engine::CopyView view = TRY(engine::find_copy_view(command.places, container));
  Side side{.words = std::move(view.words), .maps = std::move(view.maps), .lock = std::move(view.lock)};
  side.words.insert(side.words.end(), {"--path", end.path});
  return side;
}

Result<> copy_out(const Command& command, const CpOptions& options, const End& from) {
  Side side = TRY(side_of(command, from));
  side.words.insert(side.words.end(), {"--name", name_of(from.path)});
  if (options.follow) side.words.emplace_back("--follow");
  TRY(call_transfer(command, "copy-from", side.words, "read " + from.path, side.maps));
  return {};
}

Result<> copy_in(const Command& command, const CpOptions& options, const End& from, const End& to) {
  Side side = TRY(side_of(command, to));
  std::vector<std::string>& words = side.words;
  if (from.is_stream) words.emplace_back("--archive");
  if (!from.is_stream) words.insert(words.end(), {"--name", name_of(from.path)});
  if (!from.is_stream && means_contents(from.path)) words.emplace_back("--contents");
  if (options.overwrite) words.emplace_back("--overwrite");
  // An archive says itself whose its files are.
  if (!options.archive && !from.is_stream && !to.container.empty()) words.insert(words.end(), {"--owner", "0:0"});
  if (!options.archive && to.container.empty()) {
    words.insert(words.end(), {"--harmless", "--owner", fmt::format("{}:{}", ::geteuid(), ::getegid())});
  }
  TRY(call_transfer(command, "copy-to", words, "wrote " + to.path, side.maps));
  return {};
}

// The side that is read runs in a process of its own, and says itself what is wrong there.
Result<int> copy(const Command& command, const CpOptions& options, const End& from, const End& to) {
  if (from.is_stream) return TRY(copy_in(command, options, from, to)), 0;
  if (to.is_stream) return TRY(copy_out(command, options, from)), 0;
  kernel::Pipe pipe = TRY(kernel::make_pipe());
  std::fflush(stdout);
  const pid_t reader = ::fork();
  if (reader < 0) return fail(os_error("fork", "cp"));
  if (reader == 0) {
    ::dup2(pipe.write.get(), STDOUT_FILENO);
    pipe = {};
    const Result<> read = copy_out(command, options, from);
    // That nobody reads any more is not the reader's to tell of.
    ::_exit(read ? 0 : read.error().number == EPIPE ? 1 : refuse(command, read.error()));
  }
  ::dup2(pipe.read.get(), STDIN_FILENO);
  pipe = {};
  const Result<> written = copy_in(command, options, from, to);
  // Who still writes into the pipe hears that nobody reads.
  if (const Result<Fd> null = kernel::open_file("/dev/null", O_RDONLY)) ::dup2(null->get(), STDIN_FILENO);
  int status = 0;
  while (::waitpid(reader, &status, 0) < 0 && errno == EINTR) {
  }
  // One thing is wrong, not two: where reading failed, what was written is not whole for that reason.
  if (WIFEXITED(status) && WEXITSTATUS(status) == kRefused) return kRefused;
  if (written && status == 0) return 0;
  if (written) return fail(complaint("reading was ended by a signal"));
  return fail(written.error());
}

Result<int> cp(const Command& command, const CpOptions& options, const std::vector<std::string>& operands) {
  if (operands.size() != 2) return fail(complaint("two paths are needed, of which one is a container's"));
  const End from = TRY(read_end(operands[0]));
  const End to = TRY(read_end(operands[1]));
  if (from.container.empty() && to.container.empty())
    return fail(complaint("neither path is a container's", "CONTAINER:PATH is"));
  if (to.is_stream && ::isatty(STDOUT_FILENO) == 1) return fail(complaint("standard output is a terminal"));
  engine::sweep(command.places, command.log);
  return copy(command, options, from, to);
}

}  // namespace

Manual cp_manual() {
  return {"[OPTION…] CONTAINER:SRC (DEST|-)\n[OPTION…] (SRC|-) CONTAINER:DEST\n[OPTION…] CONTAINER:SRC CONTAINER:DEST",
          "Copies files out of containers and into them, running or not; '-' is an archive (tar) on standard output or "
          "input.",
          spellings(kOptions)};
}

int verb_cp(const Command& command) {
  CpOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  const Result<int> status = cp(command, options, parsed->operands);
  return status ? *status : refuse(command, status.error());
}

}  // namespace caisson::cli
