// An image whose documents and blobs are files.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "archive/files.h"
#include "transport/source.h"

namespace caisson::archive {

/// What a file is called that holds what has this digest.
using NameOf = std::function<std::string(const std::string& digest)>;

class FilesSource : public transport::Source {
 public:
  struct Parts {
    std::shared_ptr<const Files> files;
    std::string text;  ///< of the source
    std::function<Result<transport::Document>()> top;
    NameOf document_name;
    NameOf blob_name;
    std::map<std::string, Extent> extents = {};  ///< of blobs, by digest, which are not found by a name
  };
  explicit FilesSource(Parts parts) : parts_(std::move(parts)) {}

  std::string text() const override { return parts_.text; }
  Result<transport::Document> top() override { return parts_.top(); }
  Result<transport::Document> document(const image::Descriptor& descriptor) override;
  Result<> blob(const image::Descriptor& descriptor, std::int64_t offset, transport::Sink& sink) override;

 private:
  Result<Extent> extent_of(const image::Descriptor& blob) const;

  Parts parts_;
};

}  // namespace caisson::archive
