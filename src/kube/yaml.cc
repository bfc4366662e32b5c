#include "kube/yaml.h"

#include <yaml.h>

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "base/text.h"

namespace caisson::kube {

namespace {

Error at_line(std::size_t line, std::string_view what) { return complaint(fmt::format("line {}: {}", line, what)); }

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::ranges::find(words, text) != words.end();
}

constexpr std::array<std::string_view, 11> kTrue = {"true", "True", "TRUE", "yes", "Yes", "YES",
                                                    "on",   "On",   "ON",   "y",   "Y"};
constexpr std::array<std::string_view, 11> kFalse = {"false", "False", "FALSE", "no", "No", "NO",
                                                     "off",   "Off",   "OFF",   "n",  "N"};
constexpr std::array<std::string_view, 5> kNull = {"", "~", "null", "Null", "NULL"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Integers and floats of YAML 1.1, as they are met in manifests.
bool is_number(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (text.starts_with("0x") || text.starts_with("0o") || text.starts_with("0b")) {
    const std::string_view digits = text.substr(2);
    return !digits.empty() && std::ranges::all_of(digits, [](char c) {
      return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '_';
    });
  }
  bool any = false;
  bool dot = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_digit(c) || (c == '_' && any)) {
      any = true;
    } else if (c == '.' && !dot) {
      dot = true;
    } else if ((c == 'e' || c == 'E') && any && i + 1 < text.size()) {
      std::string_view exponent = text.substr(i + 1);
      if (exponent.starts_with('-') || exponent.starts_with('+')) exponent.remove_prefix(1);
      return !exponent.empty() && std::ranges::all_of(exponent, is_digit);
    } else {
      return false;
    }
  }
  return any || text == ".inf" || text == ".nan";
}

NodeKind kind_of_plain(std::string_view text) {
  if (is_one_of(text, kNull)) return NodeKind::kNull;
  if (is_one_of(text, kTrue) || is_one_of(text, kFalse)) return NodeKind::kBoolean;
  return is_number(text) ? NodeKind::kNumber : NodeKind::kText;
}

std::size_t size_of(const Node& node) {
  std::size_t size = 1 + node.text.size() / 64;
  for (const Node& item : node.items) size += size_of(item);
  for (const auto& [key, value] : node.entries) size += size_of(value);
  return size;
}

class Parser {
 public:
  explicit Parser(std::string_view text) {
    is_ready_ = yaml_parser_initialize(&parser_) == 1;
    if (is_ready_)
      yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  ~Parser() {
    if (has_event_) yaml_event_delete(&event_);
    if (is_ready_) yaml_parser_delete(&parser_);
  }

  Result<std::vector<Node>> documents();

 private:
  Result<> next();
  Result<Node> node(std::size_t depth);
  Result<Node> scalar();
  Result<Node> list(std::size_t depth);
  Result<Node> map(std::size_t depth);
  Result<> add_entry(Node& map, std::string key, Node value, std::vector<Node>& merged);
  Result<> merge(Node& map, const Node& source);
  Result<> count(std::size_t nodes);
  std::size_t line() const { return event_.start_mark.line + 1; }

  yaml_parser_t parser_{};
  yaml_event_t event_{};
  bool is_ready_ = false;
  bool has_event_ = false;
  std::size_t nodes_ = 0;
  std::map<std::string, Node> anchors_;
};

Result<> Parser::next() {
  if (!is_ready_) return fail(complaint("no memory for the parser"));
  if (has_event_) yaml_event_delete(&event_);
  has_event_ = yaml_parser_parse(&parser_, &event_) == 1;
  if (has_event_) return {};
  const std::size_t at = std::max(parser_.problem_mark.line, parser_.context_mark.line) + 1;
  return fail(at_line(at, parser_.problem != nullptr ? parser_.problem : "not YAML"));
}

Result<> Parser::count(std::size_t nodes) {
  nodes_ += nodes;
  if (nodes_ <= kMostYamlNodes) return {};
  return fail(at_line(line(), fmt::format("more than {} values, with what aliases repeat", kMostYamlNodes)));
}

Result<Node> Parser::scalar() {
  const auto& scalar = event_.data.scalar;
  Node node{.line = line()};
  node.text.assign(reinterpret_cast<const char*>(scalar.value), scalar.length);
  const std::string_view tag = scalar.tag != nullptr ? reinterpret_cast<const char*>(scalar.tag) : "";
  if (tag == YAML_STR_TAG || (tag.empty() && scalar.style != YAML_PLAIN_SCALAR_STYLE) || tag == "!") {
    node.kind = NodeKind::kText;
  } else if (tag.empty()) {
    node.kind = kind_of_plain(node.text);
  } else if (tag == YAML_BOOL_TAG || tag == YAML_INT_TAG || tag == YAML_FLOAT_TAG || tag == YAML_NULL_TAG) {
    node.kind = kind_of_plain(node.text);
  } else {
    return fail(at_line(line(), fmt::format("the tag {} is not supported", tag)));
  }
  return node;
}

Result<Node> Parser::list(std::size_t depth) {
  Node list{.kind = NodeKind::kList, .line = line()};
  for (TRY(next()); event_.type != YAML_SEQUENCE_END_EVENT; TRY(next())) list.items.push_back(TRY(node(depth + 1)));
  return list;
}

// Keys of the map itself win over those that it merges, wherever they stand.
Result<> Parser::merge(Node& map, const Node& source) {
  if (source.kind == NodeKind::kList) {
    for (const Node& item : source.items) TRY(merge(map, item));
    return {};
  }
  if (source.kind != NodeKind::kMap) return fail(at_line(source.line, "<< merges maps alone"));
  for (const auto& [key, value] : source.entries) {
    if (map.find(key) == nullptr) map.entries.emplace_back(key, value);
  }
  return {};
}

Result<> Parser::add_entry(Node& map, std::string key, Node value, std::vector<Node>& merged) {
  if (key == "<<") return merged.push_back(std::move(value)), Result<>();
  if (map.find(key) != nullptr) return fail(at_line(value.line, fmt::format("'{}' is there twice", key)));
  map.entries.emplace_back(std::move(key), std::move(value));
  return {};
}

Result<Node> Parser::map(std::size_t depth) {
  Node map{.kind = NodeKind::kMap, .line = line()};
  std::vector<Node> merged;
  for (TRY(next()); event_.type != YAML_MAPPING_END_EVENT; TRY(next())) {
    Node key = TRY(node(depth + 1));
    if (!key.is_scalar()) return fail(at_line(key.line, "a key is text"));
    TRY(next());
    TRY(add_entry(map, std::move(key.text), TRY(node(depth + 1)), merged));
  }
  for (const Node& source : merged) TRY(merge(map, source));
  return map;
}

Result<Node> Parser::node(std::size_t depth) {
  if (depth > kDeepestYaml) return fail(at_line(line(), fmt::format("nested deeper than {}", kDeepestYaml)));
  const auto anchor_of = [](const yaml_char_t* anchor) {
    return anchor == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(anchor));
  };
  if (event_.type == YAML_ALIAS_EVENT) {
    const auto known = anchors_.find(anchor_of(event_.data.alias.anchor));
    if (known == anchors_.end()) return fail(at_line(line(), "an alias of nothing"));
    TRY(count(size_of(known->second)));
    return known->second;
  }
  TRY(count(1));
  std::string anchor;
  Result<Node> made = fail(at_line(line(), "not YAML"));
  if (event_.type == YAML_SCALAR_EVENT) {
    anchor = anchor_of(event_.data.scalar.anchor);
    made = scalar();
  } else if (event_.type == YAML_SEQUENCE_START_EVENT) {
    anchor = anchor_of(event_.data.sequence_start.anchor);
    made = list(depth);
  } else if (event_.type == YAML_MAPPING_START_EVENT) {
    anchor = anchor_of(event_.data.mapping_start.anchor);
    made = map(depth);
  }
  if (made && !anchor.empty()) {
    TRY(count(size_of(*made)));
    anchors_[anchor] = *made;
  }
  return made;
}

Result<std::vector<Node>> Parser::documents() {
  std::vector<Node> documents;
  for (TRY(next()); event_.type != YAML_STREAM_END_EVENT; TRY(next())) {
    if (event_.type != YAML_DOCUMENT_START_EVENT) continue;
    anchors_.clear();
    TRY(next());
    Node document = TRY(node(0));
    if (document.kind != NodeKind::kNull) documents.push_back(std::move(document));
  }
  return documents;
}

}  // namespace

bool Node::truth() const { return is_one_of(text, kTrue); }

const Node* Node::find(std::string_view key) const {
  const auto found = std::ranges::find_if(entries, [&](const auto& entry) { return entry.first == key; });
  return found == entries.end() ? nullptr : &found->second;
}

std::string_view node_kind_words(NodeKind kind) {
  switch (kind) {
    case NodeKind::kNull: return "nothing";
    case NodeKind::kBoolean: return "true or false";
    case NodeKind::kNumber: return "a number";
    case NodeKind::kText: return "text";
    case NodeKind::kList: return "a list";
    case NodeKind::kMap: return "a map";
  }
  return "something";
}

Result<std::vector<Node>> read_yaml(std::string_view text) {
  if (text.size() > kMostYamlBytes) return fail(complaint(fmt::format("larger than {} bytes", kMostYamlBytes)));
  return Parser(text).documents();
}

std::string yaml_scalar(std::string_view text) {
  const auto is_plain = [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '/' || c == '_' || c == '.' ||
           c == '-' || c == '=' || c == '+' || c == ',';
  };
  const bool plain_start = !text.empty() && text[0] != '-' && text[0] != '=' && text[0] != ',' && is_plain(text[0]);
  if (plain_start && kind_of_plain(text) == NodeKind::kText && !text.ends_with(':') &&
      std::ranges::all_of(text, [&](char c) { return is_plain(c) || c == ':' || c == '@'; }))
    return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (c == '\t') {
      quoted += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      quoted += fmt::format("\\x{:02x}", byte);
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

}  // namespace caisson::kube
