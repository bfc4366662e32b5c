// How the transfer program tells caisson what came out, on a pipe that is its descriptor 3: one line each.
//
//   warning TAB text                                any number, first
//   image TAB sha256:HEX TAB sha256:HEX [TAB name]… any number: an image that is in the store now, by the digest of its
//                                                   manifest, its id, its names
//   damaged TAB sha256:HEX TAB sha256:HEX TAB text  any number: a layer, by its chain id, the manifest of an image that
//                                                   has it, and what is wrong
//   line TAB text                                   any number: what was found, for people
//   done TAB [sha256:HEX]                           it was done: the digest of what it was done to, if that has one
//   error TAB call TAB errno TAB operand TAB item TAB hint
//
// In a field, backslash, tab and newline are written \\, \t and \n.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/result.h"

namespace caisson::image {

inline constexpr int kReportDescriptor = 3;

struct ReportedImage {
  std::string manifest;  ///< digest
  std::string id;        ///< digest of the config
  std::vector<std::string> names;

  bool operator==(const ReportedImage&) const = default;
};

struct DamagedLayer {
  std::string chain_id;
  std::string manifest;  ///< digest, of an image that has the layer
  std::string words;     ///< "etc/passwd: the content is another"

  bool operator==(const DamagedLayer&) const = default;
};

/// What a run of transfer came to.
struct Report {
  std::vector<std::string> warnings;
  Result<std::string> digest;  ///< may be empty
  std::vector<ReportedImage> images = {};
  std::vector<std::string> lines = {};
  std::vector<DamagedLayer> damaged = {};
};

std::string report_text(const Report& report);

/// Reads a whole report; one that breaks off or is none is an error of its own.
Report read_report(std::string_view text);

}  // namespace caisson::image
