#include <array>
#include <cstdio>

#include <fmt/format.h>

#include "explain/json.h"
#include "explain/listing.h"
#include "explain/shell.h"
#include "oci/command.h"
#include "oci/create_options.h"
#include "oci/global_options.h"
#include "runtime/create.h"

namespace caisson::oci {

namespace {

struct ExplainOptions {
  std::string (*render)(const plan::Plan&) = explain::as_text;
};

Result<> set_format(ExplainOptions& options, const Use& use) {
  if (use.value == "text")
    options.render = explain::as_text;
  else if (use.value == "shell")
    options.render = explain::as_shell;
  else if (use.value == "json")
    options.render = explain::as_json;
  else
    return fail(complaint(fmt::format("'{}' is none of text, shell, json", use.value)));
  return {};
}

constexpr std::array kOptions = {
    Option<ExplainOptions>{{"format", 'f', "FORMAT", {}, "text, shell or json (default text)"}, set_format},
};

}  // namespace

int verb_explain(const Command& command) {
  ExplainOptions options;
  int status = 0;
  const auto operands = read_options(command, kOptions, options, Order::kAnywhere, {0, 1}, status);
  if (!operands) return status;
  runtime::CreateOptions create{.id = "explained", .begin = runtime::Begin::kAtOnce, .serves_terminal = true};
  if (!operands->empty()) create.bundle = operands->front();
  choose_cgroups(command, create);
  if (command.strict) create.strictness = spec::Strictness::kStrict;
  const Result<runtime::Designed> designed = runtime::design(command.root, create, command.report.log());
  if (!designed) return refuse(command, designed.error());
  std::fputs(options.render(designed->plan).c_str(), stdout);
  return 0;
}

}  // namespace caisson::oci
