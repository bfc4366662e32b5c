#include "templates/template.h"

#include <fmt/format.h>

#include "templates/evaluate.h"
#include "templates/parse.h"
#include "templates/place.h"
#include "templates/tree.h"

namespace caisson::templates {

namespace {

// Calls `visit` with each operand, in the order in which they are written.
template <class Visit>
void for_each_operand(const Pipeline& pipeline, const Visit& visit) {
  for (const Call& call : pipeline.calls) {
    for (const Operand& operand : call.words) {
      visit(operand);
      for (const Pipeline& inner : operand.inner) for_each_operand(inner, visit);
    }
  }
}

template <class Visit>
void for_each_operand(const std::vector<Node>& nodes, const Visit& visit) {
  for (const Node& node : nodes) {
    for_each_operand(node.pipeline, visit);
    for_each_operand(node.body, visit);
    for_each_operand(node.otherwise, visit);
  }
}

using Heading = std::function<std::string(const std::string& field)>;

// That of the first field named; none where none is.
std::string heading_of(const Pipeline& pipeline, const Heading& heading) {
  const Operand* first = nullptr;
  for_each_operand(pipeline, [&](const Operand& operand) {
    if (first == nullptr && !operand.fields.empty()) first = &operand;
  });
  return first == nullptr ? "" : heading(first->fields.front());
}

std::string heading_of(const std::vector<Node>& nodes, const Heading& heading) {
  std::string line;
  for (const Node& node : nodes) {
    switch (node.kind) {
      case Node::Kind::kText: line += node.text; break;
      case Node::Kind::kAction:
        if (node.pipeline.binding == Pipeline::Binding::kNone) line += heading_of(node.pipeline, heading);
        break;
      case Node::Kind::kIf: line += heading_of(node.body, heading); break;
      case Node::Kind::kWith:
      case Node::Kind::kRange: line += heading_of(node.pipeline, heading); break;
      case Node::Kind::kBreak:
      case Node::Kind::kContinue: break;
    }
  }
  return line;
}

}  // namespace

Template::Template(std::vector<Node> nodes) : nodes_(std::move(nodes)) {}
Template::Template(Template&&) noexcept = default;
Template& Template::operator=(Template&&) noexcept = default;
Template::~Template() = default;

Result<Template> Template::parse(std::string_view text, Escapes escapes, std::size_t first_column) {
  return Template(TRY(templates::parse(TRY(tokens(text, escapes, first_column)))));
}

Result<std::string> Template::render(const nlohmann::ordered_json& object, const Shape& shape,
                                     const Methods& methods) const {
  return evaluate(nodes_, object, shape, methods);
}

std::string Template::heading(const Heading& heading) const { return heading_of(nodes_, heading); }

bool Template::uses(std::string_view name) const {
  bool does = false;
  for_each_operand(nodes_, [&](const Operand& operand) {
    const bool is_whole = operand.fields.empty() && (operand.kind == Operand::Kind::kDot || operand.name == "$");
    if (is_whole || (!operand.fields.empty() && operand.fields.front() == name)) does = true;
  });
  return does;
}

Error at_column(std::size_t column, std::string_view what, std::string hint) {
  return complaint(fmt::format("column {}: {}", column, what), std::move(hint));
}

std::string printable(std::string_view text) {
  std::string shown;
  for (const char c : text.substr(0, 100)) {
    const auto byte = static_cast<unsigned char>(c);
    shown += byte < 0x20 || byte == 0x7F ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
  }
  return shown;
}

}  // namespace caisson::templates
