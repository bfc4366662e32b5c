#include "archive/output_file.h"

#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/files.h"
#include "image/spool_file.h"
#include "image/synced.h"
#include "kernel/files.h"

namespace caisson::archive {

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
    return std::unique_ptr<OutputFile>(new OutputFile(path, std::move(file), {}));
  }
  const std::string whole = path.find('/') == std::string::npos ? "./" + path : path;
  const std::size_t base = whole.rfind('/') + 1;
  std::string temporary = whole.substr(0, base) + "." + whole.substr(base) + ".XXXXXX";
  Fd file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!file) return fail(os_error("mkostemp", temporary));
  return std::unique_ptr<OutputFile>(new OutputFile(whole, std::move(file), std::move(temporary)));
}

OutputFile::~OutputFile() {
  if (!temporary_.empty()) (void)::unlink(temporary_.c_str());
}

Result<> OutputFile::finish() {
  TRY(sink_->flush());
  if (!temporary_.empty()) {
    TRY(image::rename_synced(file_.get(), temporary_, path_));
    temporary_.clear();
    return {};
  }
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
