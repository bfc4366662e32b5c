#include "image/image_source.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "image/quoted.h"

namespace caisson::image {

namespace {

constexpr std::string_view kBuiltinWord = "builtin:";
constexpr std::string_view kOverlaySuffix = ":O";

struct Word {
  Transport transport;
  std::string_view word;
};
constexpr std::array kWords = {Word{Transport::kRegistry, "docker://"}, Word{Transport::kOciLayout, "oci:"},
                               Word{Transport::kOciArchive, "oci-archive:"},
                               Word{Transport::kDockerArchive, "docker-archive:"}, Word{Transport::kDirectory, "dir:"}};
constexpr std::array kOthers = {std::string_view("docker-daemon:"), std::string_view("containers-storage:")};

const Word* word_before(std::string_view text) {
  const auto found = std::ranges::find_if(kWords, [&](const Word& word) { return text.starts_with(word.word); });
  return found == kWords.end() ? nullptr : &*found;
}

Result<ImageSource> from_registry(std::string_view text) {
  return ImageSource{.transport = Transport::kRegistry, .reference = with_default_tag(TRY(parse_reference(text)))};
}

Result<ImageSource> from_path(Transport transport, std::string_view rest) {
  const Cut pieces = cut(rest, ':');
  ImageSource source{.transport = transport, .path = std::string(pieces.head)};
  if (rest.find('\0') != std::string_view::npos) return fail(complaint("a path has no NUL byte in it"));
  if (source.path.empty()) return fail(complaint("a path is missing"));
  if (!pieces.tail) return source;
  source.name = std::string(*pieces.tail);
  if (transport == Transport::kDirectory) {
    return fail(complaint(
        fmt::format("there is one image in a directory, and no name is needed: {}", quoted_name(source.name))));
  }
  if (source.name.empty()) return fail(complaint("the name behind the path is empty"));
  if (transport == Transport::kDockerArchive) source.reference = with_default_tag(TRY(parse_reference(source.name)));
  return source;
}

}  // namespace

std::string ImageSource::text() const {
  const std::string word(std::ranges::find(kWords, transport, &Word::transport)->word);
  if (transport == Transport::kRegistry) return word + reference.text();
  return word + path + (name.empty() ? "" : ":" + name);
}

Result<ImageSource> parse_image_source(std::string_view text) {
  if (const Word* word = word_before(text)) {
    const std::string_view rest = text.substr(word->word.size());
    if (word->transport == Transport::kRegistry) return from_registry(rest);
    return TRY_IN(quoted_name(text), from_path(word->transport, rest));
  }
  for (const std::string_view word : kOthers) {
    if (!text.starts_with(word)) continue;
    return fail(complaint(fmt::format("'{}' is not something that caisson reads or writes", word),
                          "`skopeo copy` can copy it to oci:DIR"));
  }
  ImageSource source = TRY(from_registry(text));
  source.is_short = is_short_name(text);
  return source;
}

Result<RunSource> parse_run_source(std::string_view text, const std::function<bool(const std::string&)>& exists) {
  if (text == "-") return RunSource{.kind = RunSourceKind::kStandardInput};
  if (text.starts_with(kBuiltinWord)) {
    return RunSource{.kind = RunSourceKind::kBuiltin, .word = std::string(text.substr(kBuiltinWord.size()))};
  }
  RunSource path{.kind = RunSourceKind::kPath, .word = std::string(text)};
  if (text.starts_with('/') || text.starts_with('.')) return path;
  if (word_before(text) == nullptr) {
    if (exists(path.word)) return path;
    if (text.ends_with(kOverlaySuffix) && exists(path.word.substr(0, text.size() - kOverlaySuffix.size()))) return path;
  }
  return RunSource{.kind = RunSourceKind::kImage, .image = TRY(parse_image_source(text))};
}

}  // namespace caisson::image
