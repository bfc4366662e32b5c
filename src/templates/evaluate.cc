#include "templates/evaluate.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "templates/functions.h"
#include "templates/place.h"
#include "templates/value.h"

namespace caisson::templates {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostSteps = 1'000'000;

class Evaluator {
 public:
  Evaluator(const Json& object, const Shape& shape, const Methods& methods)
      : object_(object), shape_(shape), methods_(methods), dot_(&object) {
    variables_.emplace_back("$", Value(&object));
  }

  Result<std::string> run(const std::vector<Node>& nodes) && {
    TRY(list(nodes));
    return std::move(out_);
  }

 private:
  enum class Flow { kOn, kBreak, kContinue };

  Result<> put(std::string_view text, std::size_t column);
  Result<> count_step(std::size_t column);
  Result<Flow> list(const std::vector<Node>& nodes);
  Result<Flow> node(const Node& node);
  Result<> action(const Node& node);
  Result<Flow> branch(const Node& node);
  Result<Flow> range(const Node& node);
  Result<Flow> round(const Node& node, const Value& key, Value element);
  Result<> bind(const Pipeline& pipeline, std::size_t which, const Value& value);

  Result<Value> value(const Pipeline& pipeline);
  Result<Value> call(const Call& call, const std::optional<Value>& piped);
  Result<Value> logic(const Call& call, const std::optional<Value>& piped);
  Result<Value> method(const Call& call, const std::optional<Value>& piped);
  Result<Value> operand(const Operand& operand) { return this->operand(operand, operand.fields.size()); }
  Result<Value> operand(const Operand& operand, std::size_t fields);
  Result<Value> fields(Value value, const Operand& operand, std::size_t count);
  Result<Value> field(const Value& value, const Operand& operand, std::size_t which) const;
  const Method* find_method(const Value& value, const std::string& name) const;

  const Json& object_;
  const Shape& shape_;
  const Methods& methods_;
  Value dot_;
  std::vector<std::pair<std::string, Value>> variables_;
  std::string out_;
  std::size_t steps_ = 0;
};

Result<> Evaluator::put(std::string_view text, std::size_t column) {
  if (out_.size() + text.size() > kMostBytes) return fail(at_column(column, "the output is longer than 16 MiB"));
  out_ += text;
  return {};
}

Result<> Evaluator::count_step(std::size_t column) {
  if (++steps_ > kMostSteps) return fail(at_column(column, "the template does too much"));
  return {};
}

Result<Evaluator::Flow> Evaluator::list(const std::vector<Node>& nodes) {
  for (const Node& each : nodes) {
    const Flow flow = TRY(node(each));
    if (flow != Flow::kOn) return flow;
  }
  return Flow::kOn;
}

Result<Evaluator::Flow> Evaluator::node(const Node& node) {
  TRY(count_step(node.column));
  switch (node.kind) {
    case Node::Kind::kText: TRY(put(node.text, node.column)); break;
    case Node::Kind::kAction: TRY(action(node)); break;
    case Node::Kind::kIf:
    case Node::Kind::kWith: return branch(node);
    case Node::Kind::kRange: return range(node);
    case Node::Kind::kBreak: return Flow::kBreak;
    case Node::Kind::kContinue: return Flow::kContinue;
  }
  return Flow::kOn;
}

Result<> Evaluator::action(const Node& node) {
  const Value shown = TRY(value(node.pipeline));
  if (node.pipeline.binding != Pipeline::Binding::kNone) return bind(node.pipeline, 0, shown);
  return put(go_text(shown), node.column);
}

Result<> Evaluator::bind(const Pipeline& pipeline, std::size_t which, const Value& value) {
  const std::string& name = pipeline.variables[which];
  if (pipeline.binding == Pipeline::Binding::kDeclare) {
    variables_.emplace_back(name, value);
    return {};
  }
  const auto found =
      std::find_if(variables_.rbegin(), variables_.rend(), [&](const auto& v) { return v.first == name; });
  if (found == variables_.rend()) return fail(at_column(pipeline.column, fmt::format("'{}' has no value here", name)));
  found->second = value;
  return {};
}

Result<Evaluator::Flow> Evaluator::branch(const Node& node) {
  const std::size_t known = variables_.size();
  const Value condition = TRY(value(node.pipeline));
  if (!node.pipeline.variables.empty()) TRY(bind(node.pipeline, 0, condition));
  const bool holds = is_true(condition.json());
  const Value outer = dot_;
  if (holds && node.kind == Node::Kind::kWith) dot_ = condition;
  const Flow flow = TRY(list(holds ? node.body : node.otherwise));
  dot_ = outer;
  variables_.erase(variables_.begin() + static_cast<std::ptrdiff_t>(known), variables_.end());
  return flow;
}

// One element; kOn also where it was left by {{continue}}.
Result<Evaluator::Flow> Evaluator::round(const Node& node, const Value& key, Value element) {
  TRY(count_step(node.column));
  const std::size_t known = variables_.size();
  const std::size_t count = node.pipeline.variables.size();
  if (count == 1) TRY(bind(node.pipeline, 0, element));
  if (count == 2) {
    TRY(bind(node.pipeline, 0, key));
    TRY(bind(node.pipeline, 1, element));
  }
  dot_ = std::move(element);
  const Flow flow = TRY(list(node.body));
  variables_.erase(variables_.begin() + static_cast<std::ptrdiff_t>(known), variables_.end());
  return flow == Flow::kContinue ? Flow::kOn : flow;
}

// A list in its order, an object in that of its sorted keys, a number from 0 on.
Result<Evaluator::Flow> Evaluator::range(const Node& node) {
  const Value over = TRY(value(node.pipeline));
  const Json& json = over.json();
  const Value outer = dot_;
  bool had_any = false;
  Flow flow = Flow::kOn;
  const auto visit = [&](Json key, Value element) -> Result<> {
    had_any = true;
    flow = TRY(round(node, Value::made(std::move(key)), std::move(element)));
    return {};
  };
  if (json.is_array()) {
    for (std::size_t i = 0; i < json.size() && flow == Flow::kOn; ++i) TRY(visit(i, over.part(&json[i])));
  } else if (json.is_object()) {
    std::vector<std::string> keys;
    for (const auto& [key, each] : json.items()) keys.push_back(key);
    std::ranges::sort(keys);
    for (std::size_t i = 0; i < keys.size() && flow == Flow::kOn; ++i)
      TRY(visit(keys[i], over.part(&*json.find(keys[i]))));
  } else if (json.is_number_integer()) {
    const std::int64_t count = json.get<std::int64_t>();
    for (std::int64_t i = 0; i < count && flow == Flow::kOn; ++i) TRY(visit(i, Value::made(i)));
  } else if (!json.is_null()) {
    return fail(at_column(node.column, fmt::format("range over {}", kind_word(json))));
  }
  dot_ = outer;
  if (had_any) return Flow::kOn;
  const std::size_t known = variables_.size();
  flow = TRY(list(node.otherwise));
  variables_.erase(variables_.begin() + static_cast<std::ptrdiff_t>(known), variables_.end());
  return flow;
}

Result<Value> Evaluator::value(const Pipeline& pipeline) {
  std::optional<Value> value;
  for (const Call& each : pipeline.calls) value = TRY(call(each, value));
  return *value;
}

Result<Value> Evaluator::call(const Call& call, const std::optional<Value>& piped) {
  TRY(count_step(call.column));
  const Operand& head = call.words[0];
  const bool has_arguments = call.words.size() > 1 || piped;
  if (head.kind != Operand::Kind::kFunction) {
    if (has_arguments) return method(call, piped);
    if (head.kind == Operand::Kind::kNil) return fail(at_column(head.column, "nil is nothing to be shown"));
    return operand(head);
  }
  if (head.name == "and" || head.name == "or") return logic(call, piped);
  std::vector<Value> arguments;
  for (std::size_t i = 1; i < call.words.size(); ++i) arguments.push_back(TRY(operand(call.words[i])));
  if (piped) arguments.push_back(*piped);
  Result<Value> result = call_function(head.name, arguments);
  if (!result) return fail(at_column(head.column, head.name + ": " + result.error().text()));
  return result;
}

// The first argument that decides, or the last.
Result<Value> Evaluator::logic(const Call& call, const std::optional<Value>& piped) {
  const bool decides = call.words[0].name == "or";
  std::optional<Value> last;
  for (std::size_t i = 1; i < call.words.size(); ++i) {
    last = TRY(operand(call.words[i]));
    if (is_true(last->json()) == decides) return *last;
  }
  if (piped) return *piped;
  if (!last) return fail(at_column(call.column, call.words[0].name + ": it takes at least 1 argument"));
  return *last;
}

const Method* Evaluator::find_method(const Value& value, const std::string& name) const {
  if (&value.json() != &object_) return nullptr;
  const auto found = std::ranges::find(methods_, std::string_view(name), &std::pair<std::string_view, Method>::first);
  return found == methods_.end() ? nullptr : &found->second;
}

Result<Value> Evaluator::method(const Call& call, const std::optional<Value>& piped) {
  const Operand& head = call.words[0];
  const auto no_function = [&] {
    return fail(at_column(head.column, fmt::format("'{}' takes no arguments", printable(head.text()))));
  };
  if (head.fields.empty()) return no_function();
  const Value receiver = TRY(operand(head, head.fields.size() - 1));
  const Method* const found = find_method(receiver, head.fields.back());
  if (found == nullptr) return no_function();
  if (call.words.size() + (piped ? 1 : 0) != 2)
    return fail(at_column(head.column, fmt::format("'{}' takes one argument", head.text())));
  const Value argument = piped ? *piped : TRY(operand(call.words[1]));
  if (!argument.json().is_string())
    return fail(at_column(head.column, fmt::format("'{}' takes text", printable(head.text()))));
  return Value::made((*found)(argument.json().get_ref<const std::string&>()));
}

// The operand with the first `count` of its fields.
Result<Value> Evaluator::operand(const Operand& operand, std::size_t count) {
  TRY(count_step(operand.column));
  switch (operand.kind) {
    case Operand::Kind::kDot: return fields(dot_, operand, count);
    case Operand::Kind::kLiteral: return Value(&operand.literal);
    case Operand::Kind::kNil: return Value::made(nullptr);
    case Operand::Kind::kPipeline: return fields(TRY(value(operand.inner[0])), operand, count);
    case Operand::Kind::kFunction: return call({.words = {operand}, .column = operand.column}, std::nullopt);
    case Operand::Kind::kVariable: break;
  }
  const auto found = std::find_if(variables_.rbegin(), variables_.rend(),
                                  [&](const auto& variable) { return variable.first == operand.name; });
  if (found == variables_.rend())
    return fail(at_column(operand.column, fmt::format("'{}' has no value here", operand.name)));
  return fields(found->second, operand, count);
}

Result<Value> Evaluator::fields(Value value, const Operand& operand, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) value = TRY(field(value, operand, i));
  return value;
}

Result<Value> Evaluator::field(const Value& value, const Operand& operand, std::size_t which) const {
  const std::string& name = operand.fields[which];
  const Json& json = value.json();
  const auto before = [&] {
    Operand shorter = operand;
    shorter.fields.resize(which);
    return printable(shorter.text());
  };
  if (!json.is_object()) {
    return fail(at_column(operand.column, fmt::format("'{}' is {}: there is no field '.{}' in it", before(),
                                                      kind_word(json), printable(name))));
  }
  const auto found = json.find(name);
  if (found != json.end()) {
    const Value part = value.part(&*found);
    return shape_.maps.contains(name) ? part.as_map() : part;
  }
  if (value.is_map()) return Value::missing();
  std::vector<std::string_view> names;
  for (const auto& [key, each] : json.items()) names.emplace_back(key);
  const auto near = nearest(name, names);
  const std::string whole = which == 0 && operand.kind == Operand::Kind::kDot ? "." : before() + ".";
  return fail(at_column(operand.column, fmt::format("there is no field '{}{}'", whole, printable(name)),
                        near ? fmt::format("did you mean '.{}'?", printable(*near)) : ""));
}

}  // namespace

Result<std::string> evaluate(const std::vector<Node>& nodes, const Json& object, const Shape& shape,
                             const Methods& methods) {
  return Evaluator(object, shape, methods).run(nodes);
}

}  // namespace caisson::templates
