// The verbs of transfer, one in each file: words in, what came out.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "command_line/options.h"
#include "image/report.h"
#include "image/unpack.h"

namespace caisson::transfer {

/// What a verb came to, and for whom it is to be told: a caller that reads image/report.h, or a person.
struct Ending {
  image::Report report;
  bool as_report = false;
};

/// Each takes the words after its name.
Ending unpack(const std::vector<std::string>& words);
Ending layer(const std::vector<std::string>& words);
Ending layers(const std::vector<std::string>& words);
Ending pull(const std::vector<std::string>& words);
Ending push(const std::vector<std::string>& words);
Ending login(const std::vector<std::string>& words);
Ending logout(const std::vector<std::string>& words);
Ending load(const std::vector<std::string>& words);
Ending save(const std::vector<std::string>& words);
Ending import(const std::vector<std::string>& words);
Ending export_container(const std::vector<std::string>& words);
Ending commit(const std::vector<std::string>& words);
Ending copy_from(const std::vector<std::string>& words);
Ending copy_to(const std::vector<std::string>& words);
Ending diff(const std::vector<std::string>& words);
Ending verify(const std::vector<std::string>& words);
Ending names(const std::vector<std::string>& words);
Ending check(const std::vector<std::string>& words);
Ending check_layers(const std::vector<std::string>& words);

/// The words of a verb: `Options` is what its work takes, with `owners` and `progress`.
template <class Options>
struct Words {
  Options options;
  bool report = false;
};

// What is done with options that verbs share, or that are plain text.
template <class Options>
Result<> set_uids(Words<Options>& words, const command_line::Use& use) {
  words.options.owners.uids = TRY(image::read_owner_map(use.value));
  return {};
}
template <class Options>
Result<> set_gids(Words<Options>& words, const command_line::Use& use) {
  words.options.owners.gids = TRY(image::read_owner_map(use.value));
  return {};
}
template <class Options>
Result<> set_progress(Words<Options>& words, const command_line::Use& use) {
  words.options.progress = use.value == "true";
  return {};
}
template <class Options>
Result<> set_report(Words<Options>& words, const command_line::Use& use) {
  words.report = use.value == "true";
  return {};
}
template <auto kField, class Options>
Result<> set_text(Words<Options>& words, const command_line::Use& use) {
  words.options.*kField = use.value;
  return {};
}

template <auto kField, class Options>
Result<> set_true(Words<Options>& words, const command_line::Use& use) {
  words.options.*kField = use.value == "true";
  return {};
}
template <auto kField, class Options>
Result<> add_text(Words<Options>& words, const command_line::Use& use) {
  (words.options.*kField).emplace_back(use.value);
  return {};
}

/// How it ends when something was unpacked, or was not.
inline Ending ending(Result<image::Unpacked> unpacked, bool as_report) {
  if (!unpacked)
    return {.report = {.warnings = {}, .digest = fail(std::move(unpacked).error())}, .as_report = as_report};
  return {.report = {.warnings = std::move(unpacked->notes), .digest = std::move(unpacked->digest)},
          .as_report = as_report};
}

/// An ending by an error in the words themselves.
inline Ending refused(Error error) { return ending(fail(std::move(error)), false); }

}  // namespace caisson::transfer
