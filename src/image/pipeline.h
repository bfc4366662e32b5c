// Reading, hashing and decompressing in one thread while another unpacks.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "image/digest.h"
#include "image/progress.h"
#include "image/tar_reader.h"

namespace caisson::image {

/// The archive in a file, as pieces of a fixed number of buffers. Its thread reads ahead as far as there are free ones.
class Pipeline : public Chunks {
 public:
  /// Begins to read `fd`, a file of `size` bytes, at its start; the descriptor and `progress` have to live as long as
  /// this.
  Pipeline(int fd, std::uint64_t size, Sha256 hash, Progress& progress);
  ~Pipeline() override;
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  Result<std::string_view> next() override;

  /// Reads what is left, so that trailing checksums are checked, and gives the digest of the whole file as stored.
  Result<std::string> drain();

 private:
  class FileInput;
  struct Filled {
    std::vector<char>* buffer;
    std::size_t size;
  };

  void produce();
  Result<> run();
  std::vector<char>* take_free();  // null if nobody wants more

  int fd_;
  std::uint64_t size_;
  Progress& progress_;
  Sha256 hash_;
  std::atomic<std::uint64_t> bytes_read_ = 0;
  std::vector<std::vector<char>> buffers_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::vector<char>*> free_;
  std::deque<Filled> filled_;
  std::optional<Result<>> outcome_;  // set when the thread is through
  bool abandoned_ = false;

  std::vector<char>* in_use_ = nullptr;  // by the reader of next()
  std::thread thread_;                   // last: it uses all of the above
};

}  // namespace caisson::image
