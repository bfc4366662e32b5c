#include "cli/explain_seccomp.h"

#include <sys/utsname.h>

#include <charconv>

#include <fmt/format.h>

#include "base/text.h"
#include "command_line/options.h"
#include "engine/defaults.h"
#include "engine/isolation_grammar.h"
#include "kernel/files.h"
#include "seccomp/explanation.h"
#include "spec/problem.h"

namespace caisson::cli {

namespace {

struct SeccompOptions {
  engine::CapabilityChoice add;
  engine::CapabilityChoice drop;
  const seccomp::Architecture* architecture = &seccomp::native_architecture();
  std::optional<seccomp::KernelVersion> kernel;
};

const Option<SeccompOptions> kOptions[] = {
    {{"cap-add", 0, "CAPABILITY", "The container", "As of run", true},
     [](SeccompOptions& options, const Use& use) { return engine::read_capability(use.value, options.add); }},
    {{"cap-drop", 0, "CAPABILITY", "The container", "As of run", true},
     [](SeccompOptions& options, const Use& use) { return engine::read_capability(use.value, options.drop); }},
    {{"arch", 0, "ARCH", "The program", "That makes the call: amd64, x86, x32, arm64, … (default this machine's)"},
     [](SeccompOptions& options, const Use& use) -> Result<> {
       options.architecture = seccomp::find_architecture(use.value);
       if (options.architecture == nullptr) return fail(complaint(fmt::format("unknown architecture '{}'", use.value)));
       return {};
     }},
    {{"kernel", 0, "VERSION", "The container", "The host's kernel (default this one's)"},
     [](SeccompOptions& options, const Use& use) -> Result<> {
       options.kernel = seccomp::kernel_version(use.value);
       if (!options.kernel) return fail(complaint(fmt::format("'{}' is not a version as in \"6.1\"", use.value)));
       return {};
     }},
};

Result<seccomp::Profile> read(const std::string& name, const Command& command) {
  if (name == "default") return seccomp::default_profile();
  seccomp::ProfileReading reading = seccomp::read_profile(TRY_IN(name, kernel::read_file(name)));
  const std::vector<spec::Problem>& warnings = reading.findings.warnings;
  if (!reading.findings.errors.empty()) return fail(spec::as_error(reading.findings.errors, name));
  if (command.strict && !warnings.empty()) return fail(spec::as_error(warnings, name));
  return std::move(reading.profile);
}

Result<const seccomp::Call*> find(const std::string& name, const seccomp::Architecture& architecture) {
  const seccomp::Call* const call = seccomp::find_call(name);
  if (call == nullptr) {
    std::vector<std::string_view> names;
    for (const seccomp::Call& each : seccomp::calls()) names.push_back(each.name);
    const auto near = nearest(name, names);
    return fail(complaint(fmt::format("no kernel has a system call '{}'", name),
                          near ? fmt::format("did you mean '{}'?", *near) : std::string()));
  }
  if (!call->number(architecture.abi))
    return fail(complaint(fmt::format("{} does not have the system call {}", architecture.go_name, name)));
  return call;
}

Result<std::uint64_t> read_argument(std::string_view text) {
  if (text.starts_with("0x")) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data() + 2, text.data() + text.size(), value, 16);
    if (error == std::errc() && end == text.data() + text.size() && text.size() > 2) return value;
  } else if (const auto number = parse_unsigned(text)) {
    return *number;
  } else if (const auto negative = parse_signed(text)) {
    return static_cast<std::uint64_t>(*negative);
  }
  return fail(complaint(fmt::format("'{}' is not an argument: a whole number, or 0x and hexadecimal digits", text)));
}

// As run composes it for root.
std::uint64_t bounding_set(const SeccompOptions& options) {
  const std::uint64_t base = options.add.all    ? ~std::uint64_t{0}
                             : options.drop.all ? 0
                                                : engine::default_capabilities();
  return (base | options.add.mask) & ~options.drop.mask;
}

}  // namespace

Manual explain_seccomp_manual() {
  return {"[OPTION…] PROFILE SYSCALL [ARGUMENT…]",
          "Shows what becomes of a system call under a profile, a file or `default`, and which rule says so.",
          spellings(kOptions)};
}

Result<std::string> explain_seccomp(const Command& command, const std::vector<std::string>& arguments, Form form) {
  SeccompOptions options;
  const Parsed parsed = TRY(parse(kOptions, options, arguments, Order::kAnywhere));
  if (parsed.operands.size() < 2) return fail(complaint("a profile (a file, or default) and a system call are needed"));
  if (parsed.operands.size() > 2 + spec::kSeccompArguments)
    return fail(complaint("a system call has at most 6 arguments"));
  seccomp::Question question{.profile = TRY(read(parsed.operands[0], command)), .architecture = options.architecture};
  question.call = TRY(find(parsed.operands[1], *options.architecture));
  for (std::size_t i = 2; i < parsed.operands.size(); ++i)
    question.arguments.push_back(TRY(read_argument(parsed.operands[i])));
  struct utsname host{};
  ::uname(&host);
  question.situation.capabilities = bounding_set(options);
  question.situation.kernel =
      options.kernel.value_or(seccomp::kernel_version(host.release).value_or(seccomp::KernelVersion{}));
  const seccomp::Explanation explanation = seccomp::explain(question);
  return form == Form::kJson ? seccomp::as_json(question, explanation) : seccomp::as_text(question, explanation);
}

}  // namespace caisson::cli
