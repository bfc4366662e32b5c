// copy-from and copy-to: the two sides of `cp`, with an archive between them.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/tar_writer.h"
#include "base/text.h"
#include "changes/container_view.h"
#include "changes/pack.h"
#include "changes/place.h"
#include "container_tree.h"
#include "image/decompress.h"
#include "kernel/files.h"
#include "kernel/syscalls.h"

namespace caisson::transfer {

namespace {

using command_line::Use;

struct CopyOptions : TreeOptions {
  bool host = false;  ///< no container: this host's own files
  changes::ContainerView view;
  changes::PackOptions pack;
  changes::PlaceOptions place;
};
using CopyWords = Words<CopyOptions>;

Result<std::uint32_t> number(std::string_view text) {
  const auto value = parse_unsigned(text);
  if (!value || *value > UINT32_MAX) return fail(complaint("not a number: '" + std::string(text) + "'"));
  return static_cast<std::uint32_t>(*value);
}

template <auto Member>
Result<> last_mount(CopyWords& words, const Use& use) {
  if (words.options.view.mounts.empty()) return fail(complaint("no --mount before it"));
  words.options.view.mounts.back().*Member = use.value;
  return {};
}

// The mounts of a container are told of one by one: --mount SOURCE --at DESTINATION [--below PATH] [--fixed].
std::vector<command_line::Option<CopyWords>> view_options() {
  auto table = tree_options<CopyOptions>();
  table.push_back({{.name = "host"}, set_true<&CopyOptions::host>});
  table.push_back({{.name = "process", .argument = "PID"}, [](CopyWords& words, const Use& use) -> Result<> {
                     words.options.view.process = static_cast<pid_t>(TRY(number(use.value)));
                     return {};
                   }});
  table.push_back({{.name = "join"}, [](CopyWords& words, const Use& use) -> Result<> {
                     return words.options.view.joins = use.value == "true", Result<>();
                   }});
  table.push_back({{.name = "work", .argument = "DIR"}, [](CopyWords& words, const Use& use) -> Result<> {
                     return words.options.view.work = use.value, Result<>();
                   }});
  table.push_back(
      {{.name = "mount", .argument = "SOURCE", .repeated = true}, [](CopyWords& words, const Use& use) -> Result<> {
         return words.options.view.mounts.push_back({.source = std::string(use.value), .below = {}, .destination = {}}),
                Result<>();
       }});
  table.push_back(
      {{.name = "at", .argument = "DESTINATION", .repeated = true}, last_mount<&changes::ViewMount::destination>});
  table.push_back({{.name = "below", .argument = "PATH", .repeated = true}, last_mount<&changes::ViewMount::below>});
  table.push_back({{.name = "fixed", .repeated = true}, [](CopyWords& words, const Use&) -> Result<> {
                     if (words.options.view.mounts.empty()) return fail(complaint("no --mount before it"));
                     return words.options.view.mounts.back().writable = false, Result<>();
                   }});
  table.push_back({{.name = "path", .argument = "PATH"}, [](CopyWords& words, const Use& use) -> Result<> {
                     words.options.pack.path = words.options.place.path = use.value;
                     return {};
                   }});
  table.push_back({{.name = "name", .argument = "NAME"}, [](CopyWords& words, const Use& use) -> Result<> {
                     words.options.pack.name = words.options.place.name = use.value;
                     return {};
                   }});
  return table;
}

Result<Fd> open_root(CopyOptions& options) {
  if (options.host) return kernel::open_file("/", O_PATH | O_DIRECTORY);
  options.view.tree = options.tree;
  return changes::open_container_view(options.view);
}

bool is_whole(const CopyOptions& options) {
  const int kinds = static_cast<int>(options.host) + static_cast<int>(options.view.process.has_value()) +
                    static_cast<int>(has_layers(options)) + static_cast<int>(!options.tree.directory.empty());
  return kinds == 1 && !options.pack.path.empty();
}

Result<Brought> copy_from(CopyOptions& options) {
  const Fd root = TRY(open_root(options));
  archive::FileSink sink(STDOUT_FILENO, "standard output");
  archive::TarWriter out(sink);
  Brought brought{.warnings = TRY(changes::pack(root.get(), options.pack, out))};
  TRY(sink.flush());
  return brought;
}

class StandardInput : public image::Input {
 public:
  Result<std::string_view> more() override {
    const ssize_t length = kernel::retry([&] { return ::read(STDIN_FILENO, buffer_.data(), buffer_.size()); });
    if (length < 0) return fail(os_error("read", "standard input"));
    return std::string_view(buffer_.data(), static_cast<std::size_t>(length));
  }

 private:
  std::vector<char> buffer_ = std::vector<char>(std::size_t{256} << 10);
};

class Decompressed : public image::Chunks {
 public:
  explicit Decompressed(image::Decompressor& from) : from_(from) {}
  Result<std::string_view> next() override { return std::string_view(buffer_.data(), TRY(from_.fill(buffer_))); }

 private:
  image::Decompressor& from_;
  std::vector<char> buffer_ = std::vector<char>(std::size_t{256} << 10);
};

Result<Brought> copy_to(CopyOptions& options) {
  ::umask(0);
  const Fd root = TRY(open_root(options));
  if (options.host && ::geteuid() != 0) options.place.privilege = image::Privilege::kUser;
  StandardInput input;
  const auto decompressor = TRY(image::open_decompressor(input));
  Decompressed chunks(*decompressor);
  image::TarReader reader(chunks);
  Brought brought{.warnings = TRY(changes::place(root.get(), options.place, reader))};
  // What comes behind the end of the archive is read too: who writes it would be told of a broken pipe.
  while (!TRY(chunks.next()).empty()) {
  }
  return brought;
}

}  // namespace

Ending copy_from(const std::vector<std::string>& arguments) {
  CopyWords words;
  auto table = view_options();
  table.push_back({{.name = "follow"}, [](CopyWords& w, const Use& use) -> Result<> {
                     if (use.value == "true") w.options.pack.last_link = changes::LastLink::kFollowed;
                     return {};
                   }});
  const auto parsed = command_line::parse(table, words, arguments, command_line::Order::kAnywhere);
  if (!parsed) return refused(parsed.error());
  if (parsed->help || !parsed->operands.empty() || !is_whole(words.options) || words.options.pack.name.empty())
    return refused(complaint("usage: transfer copy-from VIEW --path PATH --name NAME [--follow] [--report]"));
  return ending_of(copy_from(words.options), words.report);
}

Ending copy_to(const std::vector<std::string>& arguments) {
  CopyWords words;
  auto table = view_options();
  const auto flag = [&](std::string_view name, Result<> (*set)(CopyWords&, const Use&)) {
    table.push_back({{.name = name}, set});
  };
  flag("archive", [](CopyWords& w, const Use&) -> Result<> {
    return w.options.place.form = changes::PlaceForm::kArchive, Result<>();
  });
  flag("contents", [](CopyWords& w, const Use&) -> Result<> { return w.options.place.contents = true, Result<>(); });
  flag("overwrite", [](CopyWords& w, const Use&) -> Result<> { return w.options.place.overwrite = true, Result<>(); });
  flag("harmless", [](CopyWords& w, const Use&) -> Result<> { return w.options.place.harmless = true, Result<>(); });
  table.push_back({{.name = "owner", .argument = "UID:GID"}, [](CopyWords& w, const Use& use) -> Result<> {
                     const Cut ids = cut(use.value, ':');
                     w.options.place.owner = image::Owner{TRY(number(ids.head)), TRY(number(ids.tail.value_or("")))};
                     return {};
                   }});
  const auto parsed = command_line::parse(table, words, arguments, command_line::Order::kAnywhere);
  if (!parsed) return refused(parsed.error());
  if (parsed->help || !parsed->operands.empty() || !is_whole(words.options))
    return refused(
        complaint("usage: transfer copy-to VIEW --path PATH [--name NAME|--archive] [--contents] "
                  "[--overwrite] [--harmless] [--owner UID:GID] [--report]"));
  return ending_of(copy_to(words.options), words.report);
}

}  // namespace caisson::transfer
