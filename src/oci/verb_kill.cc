#include <signal.h>

#include <array>

#include <fmt/format.h>

#include "base/signals.h"
#include "oci/chosen.h"
#include "oci/command.h"
#include "runtime/signal.h"

namespace caisson::oci {

namespace {

struct KillOptions {
  bool all = false;
  bool regex = false;
};

constexpr std::array kOptions = {
    Option<KillOptions>{{"all", 'a', {}, {}, "Send it to all processes of the container"},
                        set_flag<KillOptions, &KillOptions::all>},
    Option<KillOptions>{
        {"regex", 'r', {}, {}, "ID is an extended regular expression: all containers whose id it matches"},
        set_flag<KillOptions, &KillOptions::regex>},
};

}  // namespace

int verb_kill(const Command& command) {
  KillOptions options;
  int status = 0;
  const auto operands = read_options(command, kOptions, options, Order::kAnywhere, {1, 2}, status);
  if (!operands) return status;
  const std::string word = operands->size() == 2 ? (*operands)[1] : "TERM";
  constexpr int kNone = 0;  // kill(2): whether it could be sent
  const std::optional<int> signal = word == "0" ? kNone : parse_signal(word);
  if (!signal) return refuse(command, complaint(fmt::format("unknown signal \"{}\"", word)));
  return for_each_chosen(command, operands->front(), options.regex, [&](const runtime::Container& container) {
    return runtime::signal(container, *signal, options.all ? runtime::Whom::kAll : runtime::Whom::kInit);
  });
}

}  // namespace caisson::oci
