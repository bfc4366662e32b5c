#include "keeper/log_file.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

namespace caisson::keeper {

namespace {

constexpr std::size_t kJsonTextBytes = 2048;  // of text in one entry of a JSON log: a longer line goes on in the next

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

// With its newline, as far as there is one.
std::size_t line_length(std::span<const char> bytes) {
  const void* end = memchr(bytes.data(), '\n', bytes.size());
  return end == nullptr ? bytes.size() : static_cast<std::size_t>(static_cast<const char*>(end) - bytes.data()) + 1;
}

}  // namespace

void LogFile::append(LogStream stream, std::span<const char> bytes, timespec moment) {
  if (!wanted() || bytes.empty() || !open()) return;
  if (settings_.format == EntryFormat::kJson) {
    append_json(stream, bytes, moment);
  } else {
    append_lines(stream, bytes, moment);
  }
}

void LogFile::append_lines(LogStream stream, std::span<const char> bytes, timespec moment) {
  Head full{.stamp = log_stamp(moment), .rest = {' ', 's', 't', 'd', 'o', 'u', 't', ' ', 'F', ' '}};
  if (stream == LogStream::kError) memcpy(&full.rest[4], "err", 3);
  Head partial = full;
  partial.rest[8] = 'P';
  const char newline = '\n';

  while (!bytes.empty()) {
    const std::size_t length = line_length(bytes);
    const bool is_whole = bytes[length - 1] == '\n';
    make_room(static_cast<std::int64_t>(sizeof(Head) + length + (is_whole ? 0 : 1)));
    if (!file_) return;
    add(is_whole ? &full : &partial, sizeof(Head));
    add(bytes.data(), length);
    add(&newline, is_whole ? 0 : 1);
    bytes = bytes.subspan(length);
  }
  flush();  // what was added lies in this call
}

void LogFile::append_json(LogStream stream, std::span<const char> bytes, timespec moment) {
  Held& held = held_[static_cast<std::size_t>(stream)];
  while (held.count > 0 && !bytes.empty()) {
    held.bytes[held.count++] = bytes[0];
    bytes = bytes.subspan(1);
    const std::span<const char> character = std::span<const char>(held.bytes).first(held.count);
    if (held.count < held.bytes.size() && unfinished_bytes(character) == held.count) continue;
    write_json(stream, character, moment);
    held.count = 0;
  }
  while (!bytes.empty()) {
    const std::span<const char> line = bytes.first(line_length(bytes));
    std::size_t length = std::min(line.size(), kJsonTextBytes);
    const std::size_t unfinished = unfinished_bytes(line.first(length));
    if (unfinished == bytes.size()) {
      memcpy(held.bytes.data(), bytes.data(), unfinished);
      held.count = unfinished;
      return;
    }
    if (unfinished < length) length -= unfinished;
    write_json(stream, bytes.first(length), moment);
    bytes = bytes.subspan(length);
  }
}

void LogFile::write_json(LogStream stream, std::span<const char> text, timespec moment) {
  static std::array<char, kJsonTextBytes * kMostJsonBytes> buffer;  // of one entry at a time: it is written at once
  const std::size_t length = write_json_text(text, buffer.data());
  const std::string_view head = R"({"log":")";
  const std::string_view middle =
      stream == LogStream::kError ? R"(","stream":"stderr","time":")" : R"(","stream":"stdout","time":")";
  const auto stamp = log_stamp(moment);
  const std::string_view tail = "\"}\n";
  make_room(static_cast<std::int64_t>(head.size() + length + middle.size() + stamp.size() + tail.size()));
  if (!file_) return;
  add(head.data(), head.size());
  add(buffer.data(), length);
  add(middle.data(), middle.size());
  add(stamp.data(), stamp.size());
  add(tail.data(), tail.size());
  flush();
}

void LogFile::finish(LogStream stream, timespec moment) {
  Held& held = held_[static_cast<std::size_t>(stream)];
  if (held.count > 0 && open()) write_json(stream, std::span<const char>(held.bytes).first(held.count), moment);
  held.count = 0;
}

// For an entry of this length, which stays whole: in the batch, and in the file.
void LogFile::make_room(std::int64_t entry_bytes) {
  const bool too_long = settings_.file_bytes > 0 && length_ + batched_bytes_ + entry_bytes > settings_.file_bytes;
  if (batched_ + kPieces > batch_.size() || too_long) flush();
  if (too_long && length_ > 0) rotate();
}

void LogFile::add(const void* bytes, std::size_t length) {
  batch_[batched_++] = {.iov_base = const_cast<void*>(bytes), .iov_len = length};
  batched_bytes_ += static_cast<std::int64_t>(length);
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
