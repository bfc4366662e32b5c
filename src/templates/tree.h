// A template, parsed.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace caisson::templates {

struct Pipeline;

/// What a call is made of: ., $x, "text", a function's name, ( … ), each with the fields behind it.
struct Operand {
  enum class Kind { kDot, kVariable, kLiteral, kNil, kFunction, kPipeline };
  Kind kind = Kind::kDot;
  std::string name = {};  ///< of a variable (with its $) or a function
  nlohmann::ordered_json literal = nullptr;
  std::vector<Pipeline> inner;  ///< of kPipeline: one
  std::vector<std::string> fields = {};
  std::size_t column = 0;

  std::string text() const;  ///< as it is written, for messages: ".State.Pid"
};

/// `.A`, or a function or method and its arguments: what stands between two |.
struct Call {
  std::vector<Operand> words;  ///< at least one
  std::size_t column = 0;
};

struct Pipeline {
  enum class Binding { kNone, kDeclare, kAssign };
  Binding binding = Binding::kNone;
  std::vector<std::string> variables = {};  ///< one; of a range also two: index and element
  std::vector<Call> calls = {};             ///< at least one
  std::size_t column = 0;
};

struct Node {
  enum class Kind { kText, kAction, kIf, kWith, kRange, kBreak, kContinue };
  Kind kind = Kind::kText;
  std::string text = {};
  Pipeline pipeline = {};
  std::vector<Node> body = {};
  std::vector<Node> otherwise = {};  ///< of {{else}}
  std::size_t column = 0;
};

}  // namespace caisson::templates
