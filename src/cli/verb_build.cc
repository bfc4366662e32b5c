// build: done by buildah, whose options it takes; those about where the image goes are caisson's own.
#include <cstdio>
#include <fstream>
#include <optional>

#include "cli/command.h"
#include "engine/buildah.h"
#include "image/reference.h"
#include "kernel/files.h"

namespace caisson::cli {

namespace {

const std::vector<Spelling> kOptions = {
    {"tag", 't', "NAME[:TAG]", {}, "What the image is called (several: each)", true},
    {"file", 'f', "FILE", {}, "The Containerfile (default CONTEXT/Containerfile, CONTEXT/Dockerfile)"},
    {"iidfile", 0, "FILE", {}, "Where the image's id is written to"},
    {"quiet", 'q', {}, {}, "Print the image's id alone"},
};

struct Words {
  engine::BuildRequest request;
  std::string file;
  std::string iidfile;
};

// The value of an option that is written in any of its ways; nothing if `word` is another.
std::optional<std::string> value_of(std::string_view name, char letter, const std::vector<std::string>& words,
                                    std::size_t& i) {
  const std::string& word = words[i];
  const std::string spelled = "--" + std::string(name);
  if (word.starts_with(spelled + "=")) return word.substr(spelled.size() + 1);
  const bool is_short = letter != 0 && word.size() >= 2 && word[0] == '-' && word[1] == letter;
  if (is_short && word.size() > 2) return word.substr(word[2] == '=' ? 3 : 2);
  if ((word == spelled || is_short) && i + 1 < words.size()) return words[++i];
  return std::nullopt;
}

Result<std::string> whole_name(const std::string& typed) {
  const image::Reference name = TRY(image::parse_reference(typed));
  if (!name.digest.empty()) return fail(complaint("what an image is called here has no digest"));
  const std::string text = image::is_short_name(typed) ? "localhost/" + typed : typed;
  return image::with_default_tag(TRY(image::parse_reference(text))).text();
}

Result<Words> read(const std::vector<std::string>& arguments) {
  Words read;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (const auto tag = value_of("tag", 't', arguments, i)) {
      read.request.names.push_back(TRY_IN("--tag " + *tag, whole_name(*tag)));
    } else if (const auto iidfile = value_of("iidfile", 0, arguments, i)) {
      read.iidfile = *iidfile;
    } else if (const auto file = value_of("file", 'f', arguments, i)) {
      read.file = *file;
      read.request.arguments.insert(read.request.arguments.end(), {"--file", *file});
    } else if (word == "-q" || word == "--quiet") {
      read.request.quiet = true;
    } else {
      if (word.starts_with("--pull")) read.request.pulls = true;
      read.request.arguments.push_back(word);
    }
  }
  return read;
}

// The text of the Containerfile, from where buildah will take it; empty if that is not to be seen from here.
std::string containerfile_of(const Words& words) {
  std::vector<std::string> places;
  if (!words.file.empty()) places.push_back(words.file);
  if (!words.request.arguments.empty()) {
    const std::string& context = words.request.arguments.back();
    if (!words.file.empty()) places.push_back(context + "/" + words.file);
    for (const char* name : {"/Containerfile", "/Dockerfile"}) {
      if (words.file.empty()) places.push_back(context + name);
    }
  }
  for (const std::string& place : places) {
    if (const Result<std::string> text = kernel::read_file(place, 1U << 20)) return *text;
  }
  return {};
}

Result<std::string> build(const Command& command, Words& words) {
  words.request.containerfile = containerfile_of(words);
  std::string id = TRY(engine::build_with_buildah(command.places, words.request, command.log));
  if (!words.iidfile.empty()) {
    std::ofstream(words.iidfile) << id;
    if (!kernel::exists(words.iidfile)) return fail(in("--iidfile", os_error("open", words.iidfile)));
  }
  return id;
}

}  // namespace

Manual build_manual() {
  return {.operands = "[OPTION…] CONTEXT",
          .about =
              "Builds an image from a Containerfile (Dockerfile), by buildah with caisson-oci as its runtime, into "
              "the store. All other options are those of `buildah build`: --build-arg, --target, --no-cache, "
              "--pull, --network, …",
          .options = kOptions,
          .passes_options_on = true};
}

int verb_build(const Command& command) {
  Result<Words> words = read(command.arguments);
  if (!words) return refuse(command, words.error());
  const Result<std::string> id = build(command, *words);
  if (!id) return refuse(command, id.error());
  std::printf("%s\n", id->c_str());
  return 0;
}

}  // namespace caisson::cli
