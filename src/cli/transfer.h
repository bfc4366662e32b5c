// Verbs whose work the transfer program does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/command.h"
#include "image/report.h"

namespace caisson::cli {

/// Runs `transfer VERB --root ROOT --report WORDS…` and waits for it; its warnings are in the log then. An error that
/// it tells of is the error. `doing`: for the error where it was killed ("loaded FILE").
Result<image::Report> call_transfer(const Command& command, const std::string& verb,
                                    const std::vector<std::string>& words, const std::string& doing);

/// The words of `--NAME VALUE`; none for an empty value.
void add_option(std::vector<std::string>& words, std::string_view name, const std::string& value);

}  // namespace caisson::cli
