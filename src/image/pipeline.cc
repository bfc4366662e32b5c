#include "image/pipeline.h"

#include <cerrno>

#include <unistd.h>

#include "image/decompress.h"

namespace caisson::image {

namespace {
// Small enough that what is decompressed is still in the second-level cache when it is written out.
constexpr std::size_t kBufferBytes = std::size_t{256} << 10;
constexpr std::size_t kBuffers = 16;
constexpr std::size_t kReadBytes = std::size_t{128} << 10;
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
      pipeline_.hash_.update(bytes);
      return bytes;
    }
  }

 private:
  Pipeline& pipeline_;
  std::vector<char> buffer_;
  std::uint64_t at_ = 0;
};

Pipeline::Pipeline(int fd, std::uint64_t size, Sha256 hash, Progress& progress)
    : fd_(fd),
      size_(size),
      progress_(progress),
      hash_(std::move(hash)),
      buffers_(kBuffers, std::vector<char>(kBufferBytes)) {
  for (std::vector<char>& buffer : buffers_) free_.push_back(&buffer);
  thread_ = std::thread([this] { produce(); });
}

Pipeline::~Pipeline() {
  {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Pipeline::produce() {
  Result<> outcome = run();
  const std::lock_guard lock(mutex_);
  outcome_ = std::move(outcome);
  changed_.notify_all();
}

Result<> Pipeline::run() {
  FileInput input(*this);
  const std::unique_ptr<Decompressor> decompressor = TRY(open_decompressor(input));
  for (;;) {
    std::vector<char>* const buffer = take_free();
    if (buffer == nullptr) return {};
    const std::size_t size = TRY(decompressor->fill(*buffer));
    if (size == 0) break;
    const std::lock_guard lock(mutex_);
    filled_.push_back({buffer, size});
    changed_.notify_all();
  }
  while (!TRY(input.more()).empty()) {
  }
  return {};
}

std::vector<char>* Pipeline::take_free() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return abandoned_ || !free_.empty(); });
  if (abandoned_) return nullptr;
  std::vector<char>* const buffer = free_.back();
  free_.pop_back();
  return buffer;
}

Result<std::string_view> Pipeline::next() {
  progress_.at(bytes_read_.load(std::memory_order_relaxed), size_);
  std::unique_lock lock(mutex_);
  if (in_use_ != nullptr) {
    free_.push_back(in_use_);
    in_use_ = nullptr;
    changed_.notify_all();
  }
  changed_.wait(lock, [&] { return outcome_ || !filled_.empty(); });
  if (filled_.empty()) {
    TRY(*outcome_);
    return std::string_view();
  }
  const Filled filled = filled_.front();
  filled_.pop_front();
  in_use_ = filled.buffer;
  return std::string_view(filled.buffer->data(), filled.size);
}

Result<std::string> Pipeline::drain() {
  while (!TRY(next()).empty()) {
  }
  return hash_.digest();
}

}  // namespace caisson::image
