#include "archive/output_file.h"

#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/files.h"
#include "image/spool_file.h"
#include "image/synced.h"
#include "kernel/files.h"

namespace caisson::archive {

namespace {

constexpr mode_t kPrivate = 0600;

// For mkostemp(3): hidden, beside `path`.
std::string temporary_name(const std::string& path) {
  const std::size_t base = path.rfind('/') + 1;
  return path.substr(0, base) + "." + path.substr(base) + ".XXXXXX";
}

}  // namespace

OutputFile::OutputFile(std::string path, Fd file, std::string temporary)
    : path_(std::move(path)),
      file_(std::move(file)),
      temporary_(std::move(temporary)),
      sink_(std::make_unique<FileSink>(file_.get(), path_)) {}

Result<std::unique_ptr<OutputFile>> OutputFile::create(const std::string& path, const std::string& spool) {
  const auto status = kernel::status_of(path);
  if (path != "-" && status && S_ISDIR(status->st_mode)) {
    errno = EISDIR;
    return fail(os_error("open", path));
  }
  if (path == "-" || (status && !S_ISREG(status->st_mode))) {
    const Fd where = TRY(kernel::open_file(spool, O_RDONLY | O_DIRECTORY));
    Fd file = TRY_IN(spool, image::spool_file(where.get()));
    std::unique_ptr<OutputFile> output(new OutputFile(path, std::move(file), {}));
    output->is_copied_ = true;
    return output;
  }
  const std::string whole = path.find('/') == std::string::npos ? "./" + path : path;
  const std::size_t base = whole.rfind('/') + 1;
  // Without a name for as long as that can be: who is killed leaves nothing.
  if (Result<Fd> nameless = kernel::open_file(whole.substr(0, base), O_RDWR | O_TMPFILE, kPrivate))
    return std::unique_ptr<OutputFile>(new OutputFile(whole, std::move(*nameless), {}));
  std::string temporary = temporary_name(whole);
  Fd file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!file) return fail(os_error("mkostemp", temporary));
  return std::unique_ptr<OutputFile>(new OutputFile(whole, std::move(file), std::move(temporary)));
}

OutputFile::~OutputFile() {
  if (!temporary_.empty()) (void)::unlink(temporary_.c_str());
}

Result<> OutputFile::finish() {
  TRY(sink_->flush());
  if (is_copied_) return copy();
  if (temporary_.empty()) {
    std::string name = temporary_name(path_);
    const Fd made(::mkostemp(name.data(), O_CLOEXEC));  // a name that is nobody's
    if (!made) return fail(os_error("mkostemp", name));
    temporary_ = name;
    const std::string nameless = fmt::format("/proc/self/fd/{}", file_.get());
    (void)::unlink(name.c_str());
    if (::linkat(AT_FDCWD, nameless.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) != 0) {
      return fail(os_error("linkat", name));
    }
  }
  TRY(image::rename_synced(file_.get(), temporary_, path_));
  temporary_.clear();
  return {};
}

Result<> OutputFile::copy() {
  const Fd out =
      path_ == "-" ? TRY(kernel::duplicate(STDOUT_FILENO)) : TRY(kernel::open_file(path_, O_WRONLY | O_NOCTTY));
  struct stat status{};
  if (::fstat(file_.get(), &status) != 0) return fail(os_error("fstat", path_));
  ExtentInput input(
      {.file = std::make_shared<const Fd>(TRY(kernel::duplicate(file_.get()))), .offset = 0, .size = status.st_size});
  const std::string shown = path_ == "-" ? "standard output" : path_;
  for (std::string_view bytes = TRY(input.more()); !bytes.empty(); bytes = TRY(input.more())) {
    TRY(kernel::write_all(out.get(), bytes, shown));
  }
  return {};
}

}  // namespace caisson::archive
