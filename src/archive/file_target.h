// Where the files of a layout are written to, by name: below a directory, or into an archive.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "archive/files.h"
#include "base/result.h"
#include "image/entry_name.h"

namespace caisson::archive {

/// Dropped without finish(), all that has come is gone. One thread at a time.
class FileTarget {
 public:
  virtual ~FileTarget() = default;

  /// Whether there is a file of this name and size.
  virtual Result<bool> has(const std::string& name, std::int64_t size) const = 0;

  /// Takes a file, which is on the disk before the next one comes; one that is there is replaced, in an archive an
  /// error.
  virtual Result<> put(const std::string& name, const Extent& content) = 0;
  virtual Result<> put(const std::string& name, std::string_view content) = 0;

  /// All is there: on the disk, and to be seen.
  virtual Result<> finish() = 0;
};

/// A directory with files, alone in its use among those who know of this lock (flock(2) on the directory).
class DirectoryTarget : public FileTarget {
 public:
  /// Makes the directory `path` unless it is there, and waits for its lock.
  static Result<std::unique_ptr<DirectoryTarget>> open(const std::string& path);
  ~DirectoryTarget() override;

  Result<bool> has(const std::string& name, std::int64_t size) const override;
  Result<> put(const std::string& name, const Extent& content) override;
  Result<> put(const std::string& name, std::string_view content) override;
  Result<> finish() override;

  /// Makes a directory in it to put files into, unless it is there.
  Result<> make_directory(const std::string& name);

  /// What was in it before.
  const Files& files() const { return *files_; }
  bool was_empty() const { return was_empty_; }

  /// Removes a file at the end, once all others are there.
  void remove_at_end(std::string name) { doomed_.insert(std::move(name)); }

 private:
  DirectoryTarget(std::string path, Fd directory) : path_(std::move(path)), directory_(std::move(directory)) {}
  Result<Fd> open_parent(const image::Place& place) const;
  template <class Write>
  Result<> put_by(const std::string& name, Write write);

  std::string path_;
  Fd directory_;
  std::shared_ptr<const Files> files_;
  bool made_ = false;
  bool was_empty_ = false;
  bool finished_ = false;
  std::set<std::string> new_;  // names of files and directories that were not there; what is in one sorts behind it
  std::set<std::string> doomed_;
};

/// A tar archive, whose entries say nothing of time or owner.
Result<std::unique_ptr<FileTarget>> archive_target(const std::string& path, const std::string& spool,
                                                   std::initializer_list<const char*> directories);

}  // namespace caisson::archive
