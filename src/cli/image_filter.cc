#include "cli/image_filter.h"

#include <fnmatch.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/moment.h"
#include "image/reference.h"

namespace caisson::cli {

namespace {

using Kind = ImageFilter::Kind;

bool has_label(const engine::ListedImage& listed, std::string_view wanted) {
  const Cut parts = cut(wanted, '=');
  const auto& labels = listed.config.defaults.labels;
  const auto found = labels.find(std::string(parts.head));
  return found != labels.end() && (!parts.tail || found->second == *parts.tail);
}

// "busybox" is any tag of it; a pattern is one of the whole or the familiar name, with or without the tag.
bool matches(const std::string& pattern, const std::string& name) {
  std::vector<std::string> spellings = {name};
  if (const Result<image::Reference> reference = image::parse_reference(name)) {
    image::Reference untagged = *reference;
    untagged.tag.clear();
    spellings.insert(spellings.end(), {reference->familiar(), untagged.familiar(), untagged.text()});
  }
  return std::ranges::any_of(spellings, [&](const std::string& spelling) {
    return ::fnmatch(pattern.c_str(), spelling.c_str(), FNM_PATHNAME) == 0;
  });
}

bool passes_one(const ImageFilter& filter, const engine::ListedImage& listed) {
  switch (filter.kind) {
    case Kind::kDangling: return listed.image.names.empty() == (filter.value == "true");
    case Kind::kLabel: return has_label(listed, filter.value);
    case Kind::kNotLabel: return !has_label(listed, filter.value);
    case Kind::kUntil: return listed.created_ns < filter.moment_ns;
    case Kind::kReference:
      return std::ranges::any_of(listed.image.names,
                                 [&](const std::string& name) { return matches(filter.value, name); });
  }
  return false;
}

}  // namespace

Result<ImageFilter> read_image_filter(std::string_view text) {
  const Cut parts = cut(text, '=');
  if (!parts.tail) return fail(complaint(fmt::format("'{}' is no filter: KEY=VALUE is", text)));
  ImageFilter filter{.value = std::string(*parts.tail)};
  if (parts.head == "dangling") {
    filter.kind = Kind::kDangling;
    if (filter.value == "1") filter.value = "true";
    if (filter.value == "0") filter.value = "false";
    if (filter.value != "true" && filter.value != "false")
      return fail(complaint(fmt::format("'{}' is neither true nor false", filter.value)));
  } else if (parts.head == "label" || parts.head == "label!") {
    filter.kind = parts.head == "label" ? Kind::kLabel : Kind::kNotLabel;
  } else if (parts.head == "reference") {
    filter.kind = Kind::kReference;
  } else if (parts.head == "until") {
    filter.kind = Kind::kUntil;
    filter.moment_ns = TRY(parse_moment(filter.value));
  } else {
    return fail(complaint(
        fmt::format("'{}' is no filter for images: dangling, label, label!, reference and until are", parts.head)));
  }
  return filter;
}

bool passes(const std::vector<ImageFilter>& filters, const engine::ListedImage& listed) {
  return std::ranges::all_of(filters, [&](const ImageFilter& filter) { return passes_one(filter, listed); });
}

engine::ListedImage matching_names(const std::vector<ImageFilter>& filters, engine::ListedImage listed) {
  std::erase_if(listed.image.names, [&](const std::string& name) {
    return std::ranges::any_of(filters, [&](const ImageFilter& filter) {
      return filter.kind == Kind::kReference && !matches(filter.value, name);
    });
  });
  return listed;
}

}  // namespace caisson::cli
