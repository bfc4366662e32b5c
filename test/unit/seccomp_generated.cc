#include "seccomp_generated.h"

#include <algorithm>
#include <map>
#include <set>

#include "seccomp/answer.h"
#include "seccomp/calls.h"

namespace caisson::seccomp {

namespace {

std::uint32_t below(std::mt19937& random, std::uint32_t end) { return static_cast<std::uint32_t>(random() % end); }

spec::SeccompArgument generated_condition(std::mt19937& random) {
  constexpr std::uint64_t kValues[] = {0,           1,          2,
                                       5,           0xff,       0x7fffffff,
                                       40,          0x80000000, 0xffffffff,
                                       0x100000000, 0x7e020000, 0x1'0000'0005,
                                       1ULL << 63,  ~0ULL,      0xffffffff00000000,
                                       0x10};
  const auto value = [&] { return kValues[below(random, std::size(kValues))]; };
  return {.index = below(random, 3) == 0 ? below(random, 6) : below(random, 2),
          .value = value(),
          .value_two = value(),
          .op = static_cast<spec::SeccompOperator>(below(random, 7))};
}

spec::SeccompAction generated_action(std::mt19937& random) {
  return static_cast<spec::SeccompAction>(below(random, 8));
}

std::optional<std::uint32_t> generated_return(std::mt19937& random, spec::SeccompAction action) {
  return spec::has_return_value(action) && below(random, 2) == 0 ? std::optional(below(random, 134)) : std::nullopt;
}

}  // namespace

const std::vector<std::vector<std::string>>& architecture_sets() {
  static const std::vector<std::vector<std::string>> kSets = {
      {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"},
      {"SCMP_ARCH_X86_64"},
      {"SCMP_ARCH_X86_64", "SCMP_ARCH_X32"},
      {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86"},
      {"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"},
      {"SCMP_ARCH_RISCV64"},
      {"SCMP_ARCH_PPC64LE"},
      {"SCMP_ARCH_S390X", "SCMP_ARCH_S390"},
      {"SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64N32"},
      {"SCMP_ARCH_MIPS64", "SCMP_ARCH_MIPS", "SCMP_ARCH_MIPS64N32"},
  };
  return kSets;
}

spec::Seccomp generated_rules(std::mt19937& random, const std::vector<std::string>& architectures, Meeting meeting) {
  spec::Seccomp made;
  do made.default_action = generated_action(random);
  while (made.default_action == spec::SeccompAction::kNotify);
  made.default_errno_ret = generated_return(random, made.default_action);
  made.architectures = architectures;
  std::vector<std::string_view> favourites;  // rules meet where names come up again
  for (int i = 0; i < 12; ++i)
    favourites.push_back(calls()[below(random, static_cast<std::uint32_t>(calls().size()))].name);
  std::set<std::string> conditional;
  for (std::uint32_t rules = 1 + below(random, 24); rules > 0; --rules) {
    spec::SeccompRule& rule = made.syscalls.emplace_back();
    for (std::uint32_t names = 1 + below(random, below(random, 8) == 0 ? 120 : 4); names > 0; --names) {
      rule.names.emplace_back(below(random, 2) == 0
                                  ? favourites[below(random, 12)]
                                  : calls()[below(random, static_cast<std::uint32_t>(calls().size()))].name);
    }
    rule.action = generated_action(random);
    rule.errno_ret = generated_return(random, rule.action);
    if (below(random, 3) != 0) continue;
    const bool meets = std::any_of(rule.names.begin(), rule.names.end(),
                                   [&](const std::string& name) { return conditional.contains(name); });
    if (meeting == Meeting::kNever && meets) continue;
    conditional.insert(rule.names.begin(), rule.names.end());
    for (std::uint32_t conditions = 1 + below(random, 3); conditions > 0; --conditions) {
      rule.args.push_back(generated_condition(random));
      if (meeting == Meeting::kNever && splits(rule.args)) rule.args.pop_back();
    }
  }
  return made;
}

std::vector<MadeCall> telling_calls(const spec::Seccomp& seccomp, const Architecture& native) {
  std::vector<MadeCall> made;
  std::mt19937 random(4711);
  const std::vector<const Architecture*> list = filtered_architectures(seccomp, native).value();
  for (const Architecture* each : list) {
    std::map<std::uint32_t, std::array<std::set<std::uint64_t>, spec::kSeccompArguments>> values;
    for (const Call& call : calls()) {
      if (const auto number = call.number(each->abi)) {
        for (const std::uint32_t near : {*number - 1, *number, *number + 1}) values[near];
      }
    }
    for (const std::uint32_t edge :
         {0U, 0xefffU, kArmPrivate, kX32Bit - 1, kX32Bit, ~kX32Bit, 0xbfffffffU, ~0U - 1, ~0U})
      values[edge];
    for (const spec::SeccompRule& rule : seccomp.syscalls) {
      for (const std::string& name : rule.names) {
        const Call* const call = find_call(name);
        const auto number = call == nullptr ? std::nullopt : call->number(each->abi);
        for (const spec::SeccompArgument& condition : rule.args) {
          if (!number) break;
          std::set<std::uint64_t>& known = values[*number][condition.index];
          for (const std::uint64_t value :
               {condition.value, condition.value_two, condition.value & condition.value_two}) {
            for (const std::uint64_t near :
                 {value - 1, value, value + 1, value ^ 0x100000000, value | 0xffffffff00000000})
              known.insert(near);
          }
        }
        const auto by = call == nullptr ? std::nullopt : carried(*call);
        const auto carrier = by ? find_call(by->carrier)->number(each->abi) : std::nullopt;
        if (carrier) {
          for (const std::uint64_t sub : {by->number - 1, by->number, by->number + 1}) values[*carrier][0].insert(sub);
        }
      }
    }
    for (const auto& [number, arguments] : values) {
      MadeCall call{each->audit, number, {}};
      made.push_back(call);
      std::size_t combinations = 1;
      for (const auto& known : arguments) combinations *= known.size() + 1;
      for (std::size_t i = 0; i < std::min<std::size_t>(combinations * 2, 300) && combinations > 1; ++i) {
        for (std::size_t argument = 0; argument < arguments.size(); ++argument) {
          const auto& known = arguments[argument];
          const std::size_t chosen = known.empty() ? 0 : random() % (known.size() + 1);
          call.arguments[argument] =
              chosen == known.size() ? random() % 64 : *std::next(known.begin(), static_cast<long>(chosen));
        }
        made.push_back(call);
      }
    }
  }
  made.push_back({0xdeadbeef, 1, {}});
  return made;
}

}  // namespace caisson::seccomp
