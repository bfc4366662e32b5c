// check: the store of images, looked through for what a crash or a disk error has left.
#include <fmt/format.h>

#include "base/text.h"
#include "image/check_store.h"
#include "images.h"

namespace caisson::transfer {

namespace {

struct CheckOptions : ImageOptions {
  bool repair = false;
};
using CheckWords = Words<CheckOptions>;

constexpr const char* kUsage = "usage: transfer check --root DIR [--repair] [--report]";

Ending check_all(const CheckWords& words) {
  const image::Mend mend = words.options.repair ? image::Mend::kYes : image::Mend::kNo;
  Result<image::StoreCheck> checked = image::check_store(words.options.root + "/images", mend);
  if (!checked) return ending_of(fail(std::move(checked).error()), words.report);
  Brought found;
  found.lines = std::move(checked->problems);
  found.lines.push_back(fmt::format("{} blobs of images read, {}", checked->blobs, human_bytes(checked->bytes)));
  Ending ending = ending_of(std::move(found), words.report);
  if (checked->unmended != 0) {
    ending.report.digest =
        fail(complaint(fmt::format("{} of this is wrong still", checked->unmended),
                       words.options.repair ? "another process is using it" : "caisson system check --repair"));
  }
  return ending;
}

}  // namespace

Ending check(const std::vector<std::string>& arguments) {
  CheckWords words;
  auto table = common_options<CheckOptions>();
  table.push_back({{.name = "repair"}, set_true<&CheckOptions::repair>});
  const auto parsed = command_line::parse(table, words, arguments, command_line::Order::kAnywhere);
  if (!parsed) return refused(parsed.error());
  if (parsed->help || !parsed->operands.empty() || words.options.root.empty()) return refused(complaint(kUsage));
  return check_all(words);
}

}  // namespace caisson::transfer
