// Compressing what streams by, as gzip (RFC 1952), by ISA-L. The same bytes give the same file.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"

struct isal_zstream;

namespace caisson::image {

class GzipWriter {
 public:
  /// `out` takes what comes of it, piece by piece.
  using Out = std::function<Result<>(std::string_view)>;
  explicit GzipWriter(Out out);
  ~GzipWriter();
  GzipWriter(const GzipWriter&) = delete;
  GzipWriter& operator=(const GzipWriter&) = delete;

  Result<> write(std::string_view bytes);
  Result<> finish();

 private:
  Result<> deflate(std::string_view bytes, bool is_last);

  Out out_;
  std::vector<unsigned char> tables_;
  std::vector<unsigned char> piece_;
  std::unique_ptr<isal_zstream> stream_;
};

}  // namespace caisson::image
