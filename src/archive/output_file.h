// An archive that is being written: not there before it is whole.
#pragma once

#include <memory>
#include <string>

#include "archive/tar_writer.h"
#include "base/fd.h"
#include "base/result.h"

namespace caisson::archive {

/// Dropped without finish(), nothing has been written to where it goes.
class OutputFile {
 public:
  /// For a regular file at `path`, new or to be replaced: written beside it, and renamed when it is on the disk (mode
  /// 0600). For "-", standard output, and for what is there and is no regular file (a pipe, a device): written to a
  /// file without a name in the directory `spool`, and copied. Error: it is a directory, or nothing can be made there.
  static Result<std::unique_ptr<OutputFile>> create(const std::string& path, const std::string& spool);

  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  int file() const { return file_.get(); }  ///< a regular file, open for reading and writing
  FileSink& sink() { return *sink_; }       ///< which ends up in it

  Result<> finish();

 private:
  OutputFile(std::string path, Fd file, std::string temporary);
  Result<> copy();

  std::string path_;
  Fd file_;
  std::string temporary_;  // empty: it has no name
  bool is_copied_ = false;
  std::unique_ptr<FileSink> sink_;
};

}  // namespace caisson::archive
