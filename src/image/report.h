// How the transfer program tells caisson what came out, on a pipe that is its standard output: one line each.
//
//   warning TAB text            any number, first
//   layer TAB sha256:HEX        it is in the store
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

/// What a run of transfer came to.
struct Report {
  std::vector<std::string> warnings;
  Result<std::string> digest;
};

std::string report_text(const Report& report);

/// Reads a whole report; one that breaks off or is none is an error of its own.
Report read_report(std::string_view text);

}  // namespace caisson::image
