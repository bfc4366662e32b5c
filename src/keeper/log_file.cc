#include "keeper/log_file.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

namespace caisson::keeper {

namespace {

// The name of the file that was set aside `age` rotations ago: "PATH.2"; PATH itself for 0. Empty if it is too long.
void name_of(std::array<char, PATH_MAX>& name, const char* path, int age) {
  const std::size_t length = strlen(path);
  if (length + 12 > name.size()) {
    name[0] = '\0';
    return;
  }
  memcpy(name.data(), path, length + 1);
  if (age == 0) return;
  std::array<char, 10> digits;
  std::size_t count = 0;
  for (int rest = age; rest > 0; rest /= 10) digits[count++] = static_cast<char>('0' + rest % 10);
  char* at = name.data() + length;
  *at++ = '.';
  while (count > 0) *at++ = digits[--count];
  *at = '\0';
}

}  // namespace

void LogFile::append(LogStream stream, std::span<const char> bytes, timespec moment) {
  if (!wanted() || bytes.empty() || !open()) return;
  Head full{.stamp = log_stamp(moment), .rest = {' ', 's', 't', 'd', 'o', 'u', 't', ' ', 'F', ' '}};
  if (stream == LogStream::kError) memcpy(&full.rest[4], "err", 3);
  Head partial = full;
  partial.rest[8] = 'P';
  char newline = '\n';

  while (!bytes.empty()) {
    const void* end = memchr(bytes.data(), '\n', bytes.size());
    const std::size_t length =
        end != nullptr ? static_cast<std::size_t>(static_cast<const char*>(end) - bytes.data()) + 1 : bytes.size();
    const std::size_t newline_length = end != nullptr ? 0 : 1;
    const auto entry_bytes = static_cast<std::int64_t>(sizeof(Head) + length + newline_length);

    const bool too_long = settings_.file_bytes > 0 && length_ + batched_bytes_ + entry_bytes > settings_.file_bytes;
    if (batched_ == batch_.size() || too_long) flush();
    if (too_long && length_ > 0) rotate();
    if (!file_) return;

    batch_[batched_++] = {.iov_base = end != nullptr ? &full : &partial, .iov_len = sizeof(Head)};
    batch_[batched_++] = {.iov_base = const_cast<char*>(bytes.data()), .iov_len = length};
    batch_[batched_++] = {.iov_base = &newline, .iov_len = newline_length};
    batched_bytes_ += entry_bytes;
    bytes = bytes.last(bytes.size() - length);
  }
  flush();
}

bool LogFile::open() {
  if (file_) return true;
  file_ = Fd(::open(settings_.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  struct stat status{};
  if (file_ && ::fstat(file_.get(), &status) == 0) length_ = status.st_size;
  return static_cast<bool>(file_);
}

void LogFile::rotate() {
  std::array<char, PATH_MAX> from;
  std::array<char, PATH_MAX> to;
  if (settings_.files <= 1) ::unlink(settings_.path);
  for (int age = settings_.files - 1; age > 0; --age) {
    name_of(from, settings_.path, age - 1);
    name_of(to, settings_.path, age);
    (void)::rename(from.data(), to.data());
  }
  file_ = Fd();
  length_ = 0;
  (void)open();
}

// Readers find whole entries only: what a full disk took of a batch is taken back.
void LogFile::flush() {
  if (batched_ == 0) return;
  const ssize_t written = ::writev(file_.get(), batch_.data(), static_cast<int>(batched_));
  if (written == batched_bytes_) {
    length_ += written;
  } else if (written > 0) {
    (void)!::ftruncate(file_.get(), length_);
  }
  batched_ = 0;
  batched_bytes_ = 0;
}

}  // namespace caisson::keeper
