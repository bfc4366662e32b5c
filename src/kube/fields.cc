#include "kube/fields.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace caisson::kube {

namespace {

constexpr std::size_t kMostFindings = 50;  // of a manifest that is something else altogether

std::string line_of(const Findings& findings, std::size_t line, std::string_view path, std::string_view what) {
  return one_line(fmt::format("{}: line {}: {}{}{}", findings.where, line, path, path.empty() ? "" : ": ", what));
}

std::string shown(std::string_view text) { return one_line(text.substr(0, 80)); }

}  // namespace

std::string one_line(std::string_view text) {
  constexpr std::size_t kMostBytes = 1000;
  std::string clean(text.substr(0, kMostBytes));
  for (char& c : clean) c = static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
  return clean;
}

void Findings::error(std::size_t line, std::string_view path, std::string_view what) {
  if (errors.size() < kMostFindings) errors.push_back(line_of(*this, line, path, what));
}

void Findings::warning(std::size_t line, std::string_view path, std::string_view what) {
  if (warnings.size() < kMostFindings) warnings.push_back(line_of(*this, line, path, what));
}

Fields::Fields(const Node* node, std::string path, Findings& findings)
    : node_(node), path_(std::move(path)), findings_(&findings) {
  if (node_ == nullptr) return;
  line_ = node_->line;
  if (node_->kind == NodeKind::kMap) return;
  if (node_->kind != NodeKind::kNull)
    findings.error(line_, path_, fmt::format("has to be a map, and is {}", node_kind_words(node_->kind)));
  node_ = nullptr;
}

std::string Fields::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

const Node* Fields::find(std::string_view key) {
  known_.emplace(key);
  const Node* found = node_ == nullptr ? nullptr : node_->find(key);
  return found != nullptr && found->kind == NodeKind::kNull ? nullptr : found;
}

void Fields::error(std::string_view key, std::string_view what) {
  const Node* at = node_ == nullptr ? nullptr : node_->find(key);
  findings_->error(at == nullptr ? line() : at->line, path_of(key), what);
}

void Fields::warning(std::string_view key, std::string_view what) {
  const Node* at = node_ == nullptr ? nullptr : node_->find(key);
  findings_->warning(at == nullptr ? line() : at->line, path_of(key), what);
}

std::optional<std::string> Fields::text(std::string_view key) {
  const Node* found = find(key);
  if (found == nullptr) return std::nullopt;
  if (found->kind == NodeKind::kText) return found->text;
  error(key, found->is_scalar() ? fmt::format("has to be text, and {} is {}: quotes make it text", shown(found->text),
                                              node_kind_words(found->kind))
                                : fmt::format("has to be text, and is {}", node_kind_words(found->kind)));
  return std::nullopt;
}

std::optional<std::string> Fields::required_text(std::string_view key) {
  if (find(key) == nullptr) {
    if (node_ != nullptr) error(key, "is missing");
    return std::nullopt;
  }
  std::optional<std::string> found = text(key);
  if (found && found->empty()) error(key, "is empty");
  return found;
}

std::optional<bool> Fields::boolean(std::string_view key) {
  const Node* found = find(key);
  if (found == nullptr) return std::nullopt;
  if (found->kind == NodeKind::kBoolean) return found->truth();
  error(key, fmt::format("has to be true or false, and is {}", node_kind_words(found->kind)));
  return std::nullopt;
}

std::optional<std::int64_t> Fields::number(std::string_view key, std::int64_t least, std::int64_t most) {
  const Node* found = find(key);
  if (found == nullptr) return std::nullopt;
  const auto number = found->kind == NodeKind::kNumber ? parse_signed(found->text) : std::nullopt;
  if (number && *number >= least && *number <= most) return number;
  error(key, fmt::format("has to be a whole number from {} to {}", least, most));
  return std::nullopt;
}

std::vector<std::string> Fields::texts(std::string_view key) {
  std::vector<std::string> all;
  const Node* found = find(key);
  if (found == nullptr) return all;
  if (found->kind != NodeKind::kList) {
    error(key, fmt::format("has to be a list, and is {}", node_kind_words(found->kind)));
    return all;
  }
  for (std::size_t i = 0; i < found->items.size(); ++i) {
    const Node& item = found->items[i];
    if (item.kind == NodeKind::kText) {
      all.push_back(item.text);
    } else {
      findings_->error(item.line, fmt::format("{}[{}]", path_of(key), i),
                       fmt::format("has to be text, and is {}{}", node_kind_words(item.kind),
                                   item.is_scalar() ? ": quotes make it text" : ""));
    }
  }
  return all;
}

std::map<std::string, std::string> Fields::map(std::string_view key) {
  std::map<std::string, std::string> all;
  const Node* found = find(key);
  if (found == nullptr) return all;
  if (found->kind != NodeKind::kMap) {
    error(key, fmt::format("has to be a map, and is {}", node_kind_words(found->kind)));
    return all;
  }
  for (const auto& [name, value] : found->entries) {
    if (value.kind == NodeKind::kText || value.kind == NodeKind::kNull) {
      all[name] = value.text;
    } else {
      findings_->error(value.line, fmt::format("{}.{}", path_of(key), shown(name)),
                       fmt::format("has to be text, and is {}{}", node_kind_words(value.kind),
                                   value.is_scalar() ? ": quotes make it text" : ""));
    }
  }
  return all;
}

Fields Fields::fields(std::string_view key) { return {find(key), path_of(key), *findings_}; }

void Fields::each(std::string_view key, const std::function<void(Fields&)>& read) {
  const Node* found = find(key);
  if (found == nullptr) return;
  if (found->kind != NodeKind::kList) {
    error(key, fmt::format("has to be a list, and is {}", node_kind_words(found->kind)));
    return;
  }
  for (std::size_t i = 0; i < found->items.size(); ++i) {
    Fields item(&found->items[i], fmt::format("{}[{}]", path_of(key), i), *findings_);
    if (!item.is_there()) continue;
    read(item);
    item.finish();
  }
}

std::string Fields::word(std::string_view key, const std::vector<std::string_view>& words) {
  const std::optional<std::string> found = text(key);
  if (!found) return std::string(words.front());
  if (std::ranges::find(words, *found) != words.end()) return *found;
  error(key, fmt::format("'{}' is none of {}", shown(*found), fmt::join(words, ", ")));
  return std::string(words.front());
}

void Fields::without_effect(std::initializer_list<std::string_view> keys, std::string_view why) {
  for (const std::string_view key : keys) {
    if (find(key) != nullptr)
      warning(key, why.empty() ? std::string("has no effect here") : fmt::format("has no effect here: {}", why));
  }
}

void Fields::not_supported(std::initializer_list<std::string_view> keys, std::string_view why) {
  for (const std::string_view key : keys) {
    if (find(key) != nullptr)
      error(key, why.empty() ? std::string("is not supported") : fmt::format("is not supported: {}", why));
  }
}

void Fields::finish() {
  if (node_ == nullptr) return;
  const std::vector<std::string_view> names(known_.begin(), known_.end());
  for (const auto& [key, value] : node_->entries) {
    if (known_.contains(key)) continue;
    const auto near = nearest(key, names);
    findings_->error(value.line, path_of(shown(key)),
                     near ? fmt::format("is unknown: did you mean {}?", *near) : std::string("is unknown"));
  }
}

}  // namespace caisson::kube
