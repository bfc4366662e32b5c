// YAML (1.1, as Kubernetes reads it) → trees with line numbers. The parser is libyaml's; what it says of anchors and
// merges is resolved here, within bounds. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace caisson::kube {

enum class NodeKind { kNull, kBoolean, kNumber, kText, kList, kMap };

struct Node {
  NodeKind kind = NodeKind::kNull;
  std::string text;  ///< of a scalar, as it is written (escapes resolved)
  std::vector<Node> items;
  std::vector<std::pair<std::string, Node>> entries;  ///< of a map, in the order of the file
  std::size_t line = 0;                               ///< the first is 1

  bool is_scalar() const { return kind != NodeKind::kList && kind != NodeKind::kMap; }
  bool truth() const;  ///< of a kBoolean
  const Node* find(std::string_view key) const;
};

/// "a list", "text", …: for messages.
std::string_view node_kind_words(NodeKind kind);

inline constexpr std::size_t kMostYamlBytes = 4U << 20;
inline constexpr std::size_t kMostYamlNodes = 100'000;  ///< what aliases repeat counts again
inline constexpr std::size_t kDeepestYaml = 64;

/// The documents of `text`; one with nothing in it is left out. Errors, with the line: what is no YAML, a key twice in
/// one map, a key that is no scalar, an alias of nothing, a tag that is not of the core schema; more than the bounds
/// above.
Result<std::vector<Node>> read_yaml(std::string_view text);

/// `text` as a scalar of YAML: quoted where it has to be. For writing.
std::string yaml_scalar(std::string_view text);

}  // namespace caisson::kube
