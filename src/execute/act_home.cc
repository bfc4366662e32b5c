// Where a user is at home, looked up in the container's file of users, which is whatever the image has made of it.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "execute/act.h"
#include "kernel/in_root.h"
#include "kernel/syscalls.h"

namespace caisson::execute {

namespace {

constexpr std::size_t kMostBytes = 1 << 20;  // of the file; a sparse one can be without end
constexpr std::size_t kPrefix = sizeof "HOME=" - 1;

// Reads passwd(5) byte by byte: NAME:PASSWORD:UID:GID:COMMENT:DIRECTORY:SHELL. A line may be as long as it likes:
// nothing of it is kept but the number and, once that is right, the directory. The first line of a user counts.
class Reader {
 public:
  // `home` has room for kLongestHome bytes and the null.
  Reader(std::uint32_t uid, char* home) : uid_(uid), home_(home) {}

  // False once the user's line is over.
  bool take(char byte) noexcept {
    if (byte == '\n') return next_line();
    if (byte == ':') {
      ++field_;
    } else if (field_ == kUid) {
      add_digit(byte);
    } else if (field_ == kDirectory && is_user()) {
      if (length_ < plan::kLongestHome) home_[length_] = byte;
      ++length_;
    }
    return true;
  }
  // Whether the user has a directory; ends it.
  bool finish() noexcept {
    if (!is_user() || length_ == 0 || length_ > plan::kLongestHome) return false;
    home_[length_] = '\0';
    return true;
  }

 private:
  static constexpr int kUid = 2;
  static constexpr int kDirectory = 5;

  bool is_user() const { return is_number_ && number_ == uid_; }
  void add_digit(char byte) noexcept {
    is_number_ = byte >= '0' && byte <= '9' && number_ <= UINT32_MAX && (is_number_ || digits_ == 0);
    number_ = number_ * 10 + static_cast<unsigned char>(byte - '0');
    ++digits_;
  }
  bool next_line() noexcept {
    if (is_user()) return false;
    field_ = 0;
    number_ = 0;
    digits_ = 0;
    is_number_ = false;
    return true;
  }

  std::uint32_t uid_;
  char* home_;
  std::size_t length_ = 0;
  int field_ = 0;
  std::uint64_t number_ = 0;
  std::size_t digits_ = 0;
  bool is_number_ = false;
};

// False where it says nothing of the user: it is missing, no file, or not to be read.
bool look_up(std::uint32_t uid, char* home) noexcept {
  Held root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return false;
  Held file(kernel::open_in_root(root.get(), "/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY));
  struct stat status{};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
  Reader reader(uid, home);
  char buffer[4096];
  for (std::size_t total = 0; total < kMostBytes;) {
    const ssize_t got = kernel::retry([&] { return ::read(file.get(), buffer, sizeof buffer); });
    if (got < 0) return false;
    if (got == 0) return reader.finish();
    for (ssize_t i = 0; i < got; ++i) {
      if (!reader.take(buffer[i])) return reader.finish();
    }
    total += static_cast<std::size_t>(got);
  }
  return false;
}

}  // namespace

Outcome act(const plan::FindHome& step, Context& context) noexcept {
  char* home = context.home + kPrefix;
  if (!look_up(step.uid, home)) std::strcpy(home, "/");
  context.pointers.environment[step.variable] = context.home;
  return done();
}

}  // namespace caisson::execute
