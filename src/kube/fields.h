// A map of a manifest being read: each key that is asked for is ticked off, and what is left over is unknown. Nothing
// of a manifest is passed over in silence. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "kube/yaml.h"

namespace caisson::kube {

/// What a manifest says, for a message of one line: of a bounded length, without control characters.
std::string one_line(std::string_view text);

/// All that is wrong with a document, and all that has no effect here, each with its path.
struct Findings {
  std::string where;  ///< "web.yaml: document 2 (Pod web)": before each
  std::vector<std::string> errors = {};
  std::vector<std::string> warnings = {};

  /// "web.yaml: document 2 (Pod web): line 7: spec.containers[0].image: is missing".
  void error(std::size_t line, std::string_view path, std::string_view what);
  void warning(std::size_t line, std::string_view path, std::string_view what);
};

class Fields {
 public:
  /// `node` may be null or no map, which is said once.
  Fields(const Node* node, std::string path, Findings& findings);

  bool is_there() const { return node_ != nullptr; }
  const std::string& path() const { return path_; }
  std::string path_of(std::string_view key) const;
  std::size_t line() const { return node_ == nullptr ? line_ : node_->line; }

  /// The value of `key`; nothing where it is not there, or null.
  const Node* find(std::string_view key);

  // The value as what it has to be; a finding, and nothing, where it is something else.
  std::optional<std::string> text(std::string_view key);
  std::optional<std::string> required_text(std::string_view key);
  std::optional<bool> boolean(std::string_view key);
  std::optional<std::int64_t> number(std::string_view key, std::int64_t least, std::int64_t most);
  std::vector<std::string> texts(std::string_view key);
  std::map<std::string, std::string> map(std::string_view key);
  Fields fields(std::string_view key);
  /// Calls `read` with each map of a list.
  void each(std::string_view key, const std::function<void(Fields&)>& read);
  /// One of `words`, the first of which stands for none.
  std::string word(std::string_view key, const std::vector<std::string_view>& words);

  /// What Kubernetes has, and nothing here: a warning where it is given.
  void without_effect(std::initializer_list<std::string_view> keys, std::string_view why = {});
  /// What would be another container without it: an error where it is given.
  void not_supported(std::initializer_list<std::string_view> keys, std::string_view why = {});

  void error(std::string_view key, std::string_view what);
  void warning(std::string_view key, std::string_view what);

  /// What nobody has asked for is unknown.
  void finish();

 private:
  const Node* node_ = nullptr;
  std::size_t line_ = 0;
  std::string path_;
  Findings* findings_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace caisson::kube
