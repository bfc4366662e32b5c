// Go's text/template as people script with docker's --format: fields, variables, pipelines, `if`, `with`, `range`, trim
// markers, comments, and the functions of functions.h. Values are JSON: an object stands for what a struct is in Go, so
// that a field which it has not is an error; the fields in Shape::maps hold what a map is there, with any keys.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/result.h"

namespace caisson::templates {

struct Node;

/// Whether \t and \n in the text of a template are a tab and a new line.
enum class Escapes { kRead, kAsTheyAre };

/// What can be asked of an object with an argument: {{.Label "tier"}}.
using Method = std::function<nlohmann::ordered_json(const std::string& argument)>;
using Methods = std::vector<std::pair<std::string_view, Method>>;  ///< by their names

struct Shape {
  std::set<std::string, std::less<>> maps = {};  ///< names of fields
};

class Template {
 public:
  /// `first_column`: where `text` begins in what the user has typed. Errors name the column of what is wrong.
  static Result<Template> parse(std::string_view text, Escapes escapes, std::size_t first_column = 1);

  Template(Template&&) noexcept;
  Template& operator=(Template&&) noexcept;
  ~Template();

  /// The template of `object`. `methods` are the object's. Errors: a field that is not there, values that a
  /// function does not take; more than 16 MiB of output, or a million values looked at.
  Result<std::string> render(const nlohmann::ordered_json& object, const Shape& shape,
                             const Methods& methods = {}) const;

  /// The line above a table: text as it is, and `heading` of the field's name for each action that shows one.
  std::string heading(const std::function<std::string(const std::string& field)>& heading) const;

  /// Whether what it shows depends on the field `name` of the object.
  bool uses(std::string_view name) const;

 private:
  explicit Template(std::vector<Node> nodes);
  std::vector<Node> nodes_;
};

}  // namespace caisson::templates
