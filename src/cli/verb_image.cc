// `caisson image VERB`: the verbs that work on images, under one name.
#include <algorithm>
#include <array>
#include <cstdio>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "command_line/options.h"

namespace caisson::cli {

namespace {

constexpr std::array kVerbs = {
    Verb{"ls", "List images", verb_images},
    Verb{"rm", "Take names off images, and remove those that have none left", verb_rmi},
    Verb{"tag", "Give an image one more name", verb_tag},
    Verb{"history", "Show how an image was made", verb_history},
    Verb{"inspect", "Show all that is known about an image", verb_image_inspect},
    Verb{"tree", "Show the layers of images, and which they share", verb_image_tree},
    Verb{"prune", "Remove images that nobody uses", verb_image_prune},
    Verb{"list", "", verb_images},
    Verb{"remove", "", verb_rmi},
};

std::string overview() {
  std::string text = "usage: caisson image VERB [OPTION…] [IMAGE…]\n\n";
  for (const Verb& verb : kVerbs) {
    if (!verb.summary.empty()) text += fmt::format("  {:<9} {}\n", verb.name, verb.summary);
  }
  return text;
}

}  // namespace

int verb_image(const Command& command) {
  const bool help = !command.arguments.empty() && (command.arguments[0] == "--help" || command.arguments[0] == "-h");
  if (help || command.arguments.empty()) {
    std::fputs(overview().c_str(), help ? stdout : stderr);
    return help ? 0 : kRefused;
  }
  const std::string& word = command.arguments[0];
  const auto verb = std::ranges::find(kVerbs, std::string_view(word), &Verb::name);
  if (verb == kVerbs.end()) {
    std::vector<std::string_view> names;
    for (const Verb& each : kVerbs) names.push_back(each.name);
    const auto near = nearest(word, names);
    return refuse(command,
                  complaint(fmt::format("unknown command '{}'", word),
                            near ? fmt::format("did you mean '{}'?", *near) : "caisson image --help lists them"));
  }
  Command inner = command;
  const std::string name = fmt::format("image {}", verb->name);
  inner.verb = name;
  inner.arguments.erase(inner.arguments.begin());
  return verb->run(inner);
}

}  // namespace caisson::cli
