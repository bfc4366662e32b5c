#include "image/reference.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "image/digest_name.h"
#include "image/quoted.h"

namespace caisson::image {

namespace {

constexpr std::string_view kHub = "docker.io";
constexpr std::string_view kHubOfOld = "index.docker.io";
constexpr std::string_view kLibrary = "library/";
constexpr std::size_t kMostOfPath = 255;
constexpr std::size_t kMostOfDomain = 255;
constexpr std::size_t kMostOfTag = 128;
constexpr std::uint64_t kLastPort = 65535;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_separator(char c) { return c == '.' || c == '_' || c == '-'; }
bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80; }  // of a character in UTF-8

// Checks the pieces of a text and says where in the whole of it something is wrong.
class Checker {
 public:
  explicit Checker(std::string_view whole) : whole_(whole) {}

  std::unexpected<Error> wrong(std::string_view what, std::string hint = {}) const {
    return fail(
        complaint(fmt::format("{} is not the name of an image: {}", quoted_name(whole_), what), std::move(hint)));
  }

  Result<> path(std::string_view path) const {
    for (const std::string_view component : split(path, '/')) TRY(check_component(component));
    return {};
  }
  Result<> length(const Reference& reference) const {
    if (reference.domain.size() > kMostOfDomain) return wrong(too_long("registry", reference.domain, kMostOfDomain));
    if (reference.path.size() > kMostOfPath) return wrong(too_long("path", reference.path, kMostOfPath));
    if (reference.tag.size() > kMostOfTag) return wrong(too_long("tag", reference.tag, kMostOfTag));
    return {};
  }

  Result<> domain(std::string_view domain) const {
    const std::size_t colon = domain.find(':', domain.starts_with('[') ? domain.find(']') : 0);
    TRY(host(domain.substr(0, colon)));
    if (colon != std::string_view::npos) TRY(port(domain.substr(colon + 1)));
    return {};
  }

  Result<> tag(std::string_view tag) const {
    if (tag.empty()) return wrong("its tag is empty");
    for (const char& c : tag) {
      const bool first = &c == tag.data();
      if (is_lower(c) || is_upper(c) || is_digit(c) || c == '_' || (!first && is_separator(c))) continue;
      return wrong(fmt::format("{} cannot {} a tag", character(&c), first ? "begin" : "be in"));
    }
    return {};
  }

  Result<> digest(std::string_view digest) const {
    if (digest.empty()) return wrong("its digest is empty");
    if (const Result<> checked = check_digest(digest); !checked) return wrong(checked.error().operand);
    return {};
  }

 private:
  static std::string too_long(std::string_view what, std::string_view text, std::size_t most) {
    return fmt::format("its {} has {} characters, and {} are allowed", what, text.size(), most);
  }

  // "'B' at character 3"
  std::string character(const char* at) const {
    const auto ends = [](char c) { return !is_continuation(c); };
    const char* end = std::find_if(at + 1, whole_.data() + whole_.size(), ends);
    return fmt::format("{} at character {}", quoted_name({at, end}), place(at));
  }
  std::size_t place(const char* at) const {
    return 1 + static_cast<std::size_t>(std::count_if(whole_.data(), at, [](char c) { return !is_continuation(c); }));
  }

  // [a-z0-9]+ with '.', '_', '__' or any number of '-' between.
  Result<> check_component(std::string_view component) const {
    if (component.empty()) return wrong(fmt::format("a part of it is empty, at character {}", place(component.data())));
    for (const char& c : component) {
      if (is_upper(c)) return wrong(fmt::format("{}: it has to be in lower case", character(&c)));
      if (!is_lower(c) && !is_digit(c) && !is_separator(c)) return wrong(character(&c) + " cannot be in it");
    }
    if (is_separator(component.front())) return wrong(character(&component.front()) + " cannot begin a part of it");
    if (is_separator(component.back())) return wrong(character(&component.back()) + " cannot end a part of it");
    for (std::size_t i = 0; i < component.size(); ++i) {
      const std::size_t end = std::min(component.find_first_not_of("._-", i), component.size());
      const std::string_view between = component.substr(i, end - i);
      if (between.size() > 1 && between != "__" && between.find_first_not_of('-') != std::string_view::npos) {
        return wrong(fmt::format("'{}' at character {}: between letters and digits are '.', '_', '__' or dashes",
                                 between, place(between.data())));
      }
      i = end;
    }
    return {};
  }

  // Labels of letters, digits and inner dashes, or an IPv6 address in brackets.
  Result<> host(std::string_view host) const {
    if (host.starts_with('[')) {
      const std::size_t end = host.find_first_not_of("0123456789abcdefABCDEF:", 1);
      if (end != std::string_view::npos && end > 1 && host.substr(end) == "]") return {};
      return wrong(quoted_name(host) + " is not an IPv6 address in brackets");
    }
    for (const std::string_view label : split(host, '.')) {
      if (label.empty())
        return wrong(fmt::format("a part of its registry is empty, at character {}", place(label.data())));
      for (const char& c : label) {
        const bool inside = &c != &label.front() && &c != &label.back();
        if (is_lower(c) || is_upper(c) || is_digit(c) || (c == '-' && inside)) continue;
        return wrong(fmt::format("{} cannot {} the name of a registry", character(&c),
                                 c != '-'               ? "be in"
                                 : &c == &label.front() ? "begin a part of"
                                                        : "end a part of"));
      }
    }
    return {};
  }

  Result<> port(std::string_view port) const {
    const std::optional<std::uint64_t> number = parse_unsigned(port);
    if (number && *number > 0 && *number <= kLastPort) return {};
    return wrong(quoted_name(port) + " is not a port");
  }

  std::string_view whole_;
};

struct Place {
  std::string_view domain;  // empty: none is written
  std::string_view path;
};
Place cut_domain(std::string_view name) {
  const std::size_t slash = name.find('/');
  const std::string_view first = name.substr(0, slash);
  const bool is_domain =
      slash != std::string_view::npos && (first.find_first_of(".:") != std::string_view::npos || first == "localhost");
  return is_domain ? Place{first, name.substr(slash + 1)} : Place{{}, name};
}

}  // namespace

std::string Reference::name() const { return domain + "/" + path; }

std::string Reference::text() const {
  return name() + (tag.empty() ? "" : ":" + tag) + (digest.empty() ? "" : "@" + digest);
}

std::string Reference::familiar() const {
  if (domain != kHub) return text();
  std::string full = text();
  std::string words = full.substr(kHub.size() + 1);
  const bool official = path.starts_with(kLibrary) && path.find('/', kLibrary.size()) == std::string::npos;
  if (official) words.erase(0, kLibrary.size());
  // What would be taken for a domain or an id keeps its registry.
  const Result<Reference> again = parse_reference(words);
  return again && *again == *this ? words : full;
}

ReferencePieces cut_reference(std::string_view text) {
  ReferencePieces pieces;
  const Cut digest = cut(text, '@');
  pieces.digest = digest.tail;
  const std::size_t slash = digest.head.rfind('/');
  const std::size_t colon = digest.head.find(':', slash == std::string_view::npos ? 0 : slash);
  pieces.name = digest.head.substr(0, colon);
  if (colon != std::string_view::npos) pieces.tag = digest.head.substr(colon + 1);
  return pieces;
}

bool is_short_name(std::string_view text) { return cut_domain(cut_reference(text).name).domain.empty(); }

Result<Reference> parse_reference(std::string_view text) {
  const Checker check(text);
  if (text.empty()) return fail(complaint("the name of an image is empty"));
  if (is_whole_id(text)) return check.wrong("64 hexadecimal digits are an id");
  if (const std::size_t scheme = text.find("://"); scheme != std::string_view::npos) {
    return check.wrong("it is an address", fmt::format("leave {} out", quoted_name(text.substr(0, scheme + 3))));
  }
  const ReferencePieces pieces = cut_reference(text);
  const Place place = cut_domain(pieces.name);
  if (!place.domain.empty()) TRY(check.domain(place.domain));
  TRY(check.path(place.path));
  if (pieces.tag) TRY(check.tag(*pieces.tag));
  if (pieces.digest) TRY(check.digest(*pieces.digest));

  Reference reference{.domain = std::string(place.domain),
                      .path = std::string(place.path),
                      .tag = std::string(pieces.tag.value_or("")),
                      .digest = std::string(pieces.digest.value_or(""))};
  for (char& c : reference.domain) c = is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
  if (reference.domain.empty() || reference.domain == kHubOfOld) reference.domain = kHub;
  if (reference.domain == kHub && reference.path.find('/') == std::string::npos) {
    reference.path.insert(0, kLibrary);
  }
  TRY(check.length(reference));
  return reference;
}

Reference with_default_tag(Reference reference) {
  if (reference.tag.empty() && reference.digest.empty()) reference.tag = "latest";
  return reference;
}

}  // namespace caisson::image
