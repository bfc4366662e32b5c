// Measures how long programs take to start a container and be done with it, turn by turn, so that a slow moment of the
// machine falls on all of them.
#include <fmt/format.h>
#include <sys/prctl.h>

#include <cstdio>

#include "report.h"

namespace caisson::bench {
namespace {

int complain(const Error& error, int status) {
  fmt::print(stderr, "compare: {}\n", error.text());
  if (!error.hint.empty()) fmt::print(stderr, "hint: {}\n", error.hint);
  return status;
}

void print_list() {
  for (const Contender& contender : contenders()) fmt::print("{:<18}{}\n", contender.name, contender.what);
  for (const DeedWord& deed : deed_words()) fmt::print("{:<18}{}\n", fmt::format("--do {}", deed.word), deed.what);
}

/// What --make-bundle asks for; with the filter as the floor takes it, if there is one. The directory may be there, but
/// not the root filesystem in it.
Result<int> make_bundle(const Options& options) {
  const std::filesystem::path bundle = std::filesystem::absolute(options.bundle);
  TRY(write_bundle(bundle, {.rootfs = bundle / "rootfs",
                            .cgroup = "/" + bundle.filename().string(),
                            .is_filtered = options.work.is_filtered}));
  TRY(fill_rootfs(bundle / "rootfs"));
  if (options.work.is_filtered) TRY(write_filter(bundle / "filter"));
  return 0;
}

Result<int> compare(const Options& options) {
  if (const auto signal = end_asked()) return 128 + *signal;
  // The first process of a container that was created is waited for here, as its callers do.
  if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) return fail(os_error("prctl", "PR_SET_CHILD_SUBREAPER"));
  Comparison comparison(options, TRY(make_fixture(options.build)));
  if (const auto signal = TRY(comparison.prepare())) return 128 + *signal;
  if (const auto signal = TRY(comparison.measure())) return 128 + *signal;
  print_table(options, comparison);
  if (comparison.entries().empty()) return 1;
  if (!options.json_file.empty()) TRY(write_json(options, comparison));
  return 0;
}

}  // namespace
}  // namespace caisson::bench

int main(int argc, char** argv) {
  using namespace caisson::bench;
  auto options = parse_options({argv + 1, static_cast<std::size_t>(argc - 1)});
  if (!options) return complain(options.error(), 2);
  if (options->wants_help) return fmt::print("{}", kHelp), 0;
  if (options->wants_list) return print_list(), 0;
  std::error_code error;
  if (options->build.empty())
    options->build = std::filesystem::read_symlink("/proc/self/exe", error).parent_path().parent_path();
  const auto status = options->bundle.empty() ? compare(*options) : make_bundle(*options);
  return status ? *status : complain(status.error(), 1);
}
