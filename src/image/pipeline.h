// Reading, hashing and decompressing in threads of their own while another unpacks.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "image/digest.h"
#include "image/tar_reader.h"

namespace caisson::image {

/// What is hashed on the way: the file as it is stored, and, if that is started too, what comes out of it.
struct Hashes {
  Sha256 stored;
  std::optional<Sha256> content = std::nullopt;
};

/// What came out: "sha256:HEX", empty where it was not asked for.
struct Digests {
  std::string stored;
  std::string content;
};

/// Is told how many bytes have been read, of how many. By the one who calls next().
using Tell = std::function<void(std::uint64_t done, std::uint64_t total)>;

/// The archive in a file, as pieces of a fixed number of buffers. One thread reads ahead as far as there are free ones,
/// another hashes the content.
class Pipeline : public Chunks {
 public:
  /// Begins to read `fd`, a file of `size` bytes, at its start; the descriptor has to live as long as this.
  Pipeline(int fd, std::uint64_t size, Hashes hashes, Tell tell);
  ~Pipeline() override;
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  Result<std::string_view> next() override;

  /// Reads what is left, so that trailing checksums are checked, and gives the digests. Errors: those of next().
  Result<Digests> drain();

  /// After an error, of next() or of whoever used what it gave: the digest of the whole file as stored all the same.
  /// That it is another than was expected explains most errors.
  Result<std::string> stored_digest();

 private:
  class FileInput;
  struct Buffer {
    std::vector<char> bytes;
    std::size_t filled = 0;
    int users = 0;  // who have not used it yet
  };

  void produce();
  Result<> decompress(FileInput& input);
  void hash_content();
  bool abandoned_now();
  Buffer* take_free();  // null if nobody wants more
  void release(Buffer* buffer);
  void wait_for_ends();

  int fd_;
  std::uint64_t size_;
  Tell tell_;
  Hashes hashes_;
  std::atomic<std::uint64_t> bytes_read_ = 0;
  std::vector<Buffer> buffers_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Buffer*> free_;
  std::deque<Buffer*> to_unpack_;
  std::deque<Buffer*> to_hash_;
  std::optional<Result<>> outcome_;            // set when all is decompressed, or cannot be
  std::optional<Result<std::string>> stored_;  // with it: the digest of the file
  bool abandoned_ = false;

  Buffer* in_use_ = nullptr;  // by the reader of next()
  std::thread producer_;      // last: they use all of the above
  std::thread hasher_;
};

}  // namespace caisson::image
