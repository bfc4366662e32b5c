// The directories of an overlay, from the options that its mount has (Documentation/filesystems/overlayfs.rst). Pure.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace caisson::plan {

struct OverlayDirectories {
  std::vector<std::string> lower;  ///< the topmost first
  std::string writable;            ///< the directory that holds the two
  std::string upper;               ///< names below it
  std::string work;
  bool is_volatile = false;
};

/// Reads lowerdir=, upperdir=, workdir= and volatile. Errors: any other option, one of the three that is missing, upper
/// and work that are not beside each other.
Result<OverlayDirectories> read_overlay(const std::vector<std::string>& options);

}  // namespace caisson::plan
