// A directory of a test's own, removed with everything in it.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "kernel/files.h"

namespace caisson {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string made = testing::TempDir() + "/caisson-XXXXXX";
    if (::mkdtemp(made.data()) == nullptr) ADD_FAILURE() << "mkdtemp " << made;
    path_ = kernel::absolute_path(made).value_or(made);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    if (const auto removed = kernel::remove_tree(path_); !removed) ADD_FAILURE() << removed.error().text();
  }

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace caisson
