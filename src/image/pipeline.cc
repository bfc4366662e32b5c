#include "image/pipeline.h"

#include <cerrno>
#include <utility>

#include <unistd.h>

#include "image/decompress.h"

namespace caisson::image {

namespace {
// Small enough that what is decompressed is still in the second-level cache when it is written out.
constexpr std::size_t kBufferBytes = std::size_t{256} << 10;
constexpr std::size_t kBuffers = 16;
constexpr std::size_t kReadBytes = kFirstBytes;
}  // namespace

// The stored bytes, hashed as they go by.
class Pipeline::FileInput : public Input {
 public:
  explicit FileInput(Pipeline& pipeline) : pipeline_(pipeline), buffer_(kReadBytes) {}

  Result<std::string_view> more() override {
    for (;;) {
      const ssize_t length = ::pread(pipeline_.fd_, buffer_.data(), buffer_.size(), static_cast<off_t>(at_));
      if (length < 0 && errno == EINTR) continue;
      if (length < 0) return fail(os_error("read", "the archive"));
      const std::string_view bytes(buffer_.data(), static_cast<std::size_t>(length));
      at_ += bytes.size();
      pipeline_.bytes_read_.store(at_, std::memory_order_relaxed);
      pipeline_.hashes_.stored.update(bytes);
      return bytes;
    }
  }

 private:
  Pipeline& pipeline_;
  std::vector<char> buffer_;
  std::uint64_t at_ = 0;
};

Pipeline::Pipeline(int fd, std::uint64_t size, Hashes hashes, Tell tell)
    : fd_(fd), size_(size), tell_(std::move(tell)), hashes_(std::move(hashes)), buffers_(kBuffers) {
  for (Buffer& buffer : buffers_) {
    buffer.bytes.resize(kBufferBytes);
    free_.push_back(&buffer);
  }
  producer_ = std::thread([this] { produce(); });
  if (hashes_.content) hasher_ = std::thread([this] { hash_content(); });
}

Pipeline::~Pipeline() {
  {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
  }
  changed_.notify_all();
  wait_for_ends();
}

void Pipeline::wait_for_ends() {
  if (producer_.joinable()) producer_.join();
  if (hasher_.joinable()) hasher_.join();
}

// ---- the threads --------------------------------------------------------------------------------------------------

void Pipeline::produce() {
  FileInput input(*this);
  Result<> outcome = decompress(input);
  // What is left, whether the rest could be decompressed or not: the digest is of the whole file.
  for (bool more = true; more;) {
    const Result<std::string_view> rest = input.more();
    more = rest && !rest->empty() && !abandoned_now();
    if (!rest && outcome) outcome = fail(rest.error());
  }
  const std::lock_guard lock(mutex_);
  outcome_ = std::move(outcome);
  stored_ = hashes_.stored.digest();
  changed_.notify_all();
}

Result<> Pipeline::decompress(FileInput& input) {
  const std::unique_ptr<Decompressor> decompressor = TRY(open_decompressor(input));
  while (Buffer* const buffer = take_free()) {
    buffer->filled = TRY(decompressor->fill(buffer->bytes));
    if (buffer->filled == 0) return {};
    const std::lock_guard lock(mutex_);
    buffer->users = hashes_.content ? 2 : 1;
    to_unpack_.push_back(buffer);
    if (hashes_.content) to_hash_.push_back(buffer);
    changed_.notify_all();
  }
  return {};
}

void Pipeline::hash_content() {
  for (;;) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return abandoned_ || outcome_ || !to_hash_.empty(); });
    if (abandoned_ || to_hash_.empty()) return;
    Buffer* const buffer = to_hash_.front();
    to_hash_.pop_front();
    lock.unlock();
    hashes_.content->update({buffer->bytes.data(), buffer->filled});
    lock.lock();
    release(buffer);
  }
}

bool Pipeline::abandoned_now() {
  const std::lock_guard lock(mutex_);
  return abandoned_;
}

Pipeline::Buffer* Pipeline::take_free() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return abandoned_ || !free_.empty(); });
  if (abandoned_) return nullptr;
  Buffer* const buffer = free_.back();
  free_.pop_back();
  return buffer;
}

// By one of those who use it; with the lock held.
void Pipeline::release(Buffer* buffer) {
  if (--buffer->users > 0) return;
  free_.push_back(buffer);
  changed_.notify_all();
}

// ---- the reader ---------------------------------------------------------------------------------------------------

Result<std::string_view> Pipeline::next() {
  tell_(bytes_read_.load(std::memory_order_relaxed), size_);
  std::unique_lock lock(mutex_);
  if (in_use_ != nullptr) release(std::exchange(in_use_, nullptr));
  changed_.wait(lock, [&] { return outcome_ || !to_unpack_.empty(); });
  if (to_unpack_.empty()) {
    TRY(*outcome_);
    return std::string_view();
  }
  in_use_ = to_unpack_.front();
  to_unpack_.pop_front();
  return std::string_view(in_use_->bytes.data(), in_use_->filled);
}

Result<Digests> Pipeline::drain() {
  while (!TRY(next()).empty()) {
  }
  wait_for_ends();
  Digests digests{.stored = TRY(Result<std::string>(*stored_)), .content = {}};
  if (hashes_.content) digests.content = TRY(hashes_.content->digest());
  return digests;
}

Result<std::string> Pipeline::stored_digest() {
  for (Result<std::string_view> rest = next(); rest && !rest->empty(); rest = next()) {
  }
  wait_for_ends();
  return *stored_;
}

}  // namespace caisson::image
