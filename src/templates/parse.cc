#include "templates/parse.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "templates/functions.h"
#include "templates/place.h"

namespace caisson::templates {

namespace {

constexpr int kDeepest = 100;

constexpr std::array kKeywords = {
    std::string_view("if"),       std::string_view("else"),  std::string_view("end"),      std::string_view("range"),
    std::string_view("with"),     std::string_view("break"), std::string_view("continue"), std::string_view("define"),
    std::string_view("template"), std::string_view("block")};

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Result<std::vector<Node>> run();

 private:
  // How a list of nodes ended.
  enum class End { kText, kEnd, kElse };
  struct List {
    std::vector<Node> nodes;
    End end = End::kText;
    std::size_t column = 0;  // of the word that ended it
  };

  bool is_done() const { return at_ == tokens_.size(); }
  const Token& token() const { return tokens_[at_]; }
  bool is(TokenKind kind) const { return !is_done() && token().kind == kind; }
  bool is_word(std::string_view word) const { return is(TokenKind::kWord) && token().text == word; }
  std::unexpected<Error> wrong(std::string_view what) const { return fail(at_column(token().column, what)); }
  std::unexpected<Error> unexpected_token(std::string_view wanted) const;
  Result<> expect_close(std::string_view of);

  Result<List> list();
  Result<Node> control(Node::Kind kind);
  Result<> alternative(Node& node);
  Result<Node> jump(Node::Kind kind);
  Result<Pipeline> pipeline(std::size_t most_variables);
  Result<> bindings(Pipeline& pipeline, std::size_t most_variables);
  Result<Call> call();
  Result<Operand> operand();
  Result<Operand> word();
  Result<Operand> variable();

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
  int ranges_ = 0;
  std::vector<std::string> variables_ = {"$"};
};

std::unexpected<Error> Parser::unexpected_token(std::string_view wanted) const {
  const Token& found = token();
  const std::string text = (found.kind == TokenKind::kField ? "." : "") + printable(found.text);
  return wrong(found.kind == TokenKind::kClose ? fmt::format("{} is missing", wanted)
                                               : fmt::format("'{}' where {} is expected", text, wanted));
}

Result<> Parser::expect_close(std::string_view of) {
  if (!is(TokenKind::kClose)) return unexpected_token(fmt::format("the end of {}", of));
  ++at_;
  return {};
}

Result<std::vector<Node>> Parser::run() {
  List all = TRY(list());
  if (all.end == End::kEnd) return fail(at_column(all.column, "{{end}} of nothing"));
  if (all.end == End::kElse) return fail(at_column(all.column, "{{else}} of nothing"));
  return std::move(all.nodes);
}

// Up to {{end}} or {{else, of which the word is read, or the end of the text.
Result<Parser::List> Parser::list() {
  List list;
  while (!is_done()) {
    if (is(TokenKind::kText)) {
      list.nodes.push_back({.kind = Node::Kind::kText, .text = token().text, .column = token().column});
      ++at_;
      continue;
    }
    ++at_;  // {{: the tokens are whole actions
    if (is_word("end") || is_word("else")) {
      list.end = is_word("end") ? End::kEnd : End::kElse;
      list.column = token().column;
      ++at_;
      return list;
    }
    if (is_word("if") || is_word("with") || is_word("range")) {
      const Node::Kind kind = is_word("if")     ? Node::Kind::kIf
                              : is_word("with") ? Node::Kind::kWith
                                                : Node::Kind::kRange;
      list.nodes.push_back(TRY(control(kind)));
    } else if (is_word("break") || is_word("continue")) {
      list.nodes.push_back(TRY(jump(is_word("break") ? Node::Kind::kBreak : Node::Kind::kContinue)));
    } else {
      Node node{.kind = Node::Kind::kAction, .column = token().column};
      node.pipeline = TRY(pipeline(1));
      TRY(expect_close("the action"));
      list.nodes.push_back(std::move(node));
    }
  }
  return list;
}

Result<Node> Parser::control(Node::Kind kind) {
  Node node{.kind = kind, .column = token().column};
  const std::string name = token().text;
  if (++depth_ > kDeepest) return wrong("nested too deeply");
  const std::size_t known = variables_.size();
  ++at_;
  node.pipeline = TRY(pipeline(kind == Node::Kind::kRange ? 2 : 1));
  TRY(expect_close(name));
  ranges_ += kind == Node::Kind::kRange ? 1 : 0;
  List body = TRY(list());
  ranges_ -= kind == Node::Kind::kRange ? 1 : 0;
  node.body = std::move(body.nodes);
  if (body.end == End::kText) return fail(at_column(node.column, fmt::format("{{{{{}}}}} without {{{{end}}}}", name)));
  if (body.end == End::kElse) {
    TRY(alternative(node));
  } else {
    TRY(expect_close("end"));
  }
  variables_.resize(known);
  --depth_;
  return node;
}

// What follows {{else. That of {{else if}} and {{else with}} is a node of its own, which has the same {{end}}.
Result<> Parser::alternative(Node& node) {
  const bool chains = node.kind != Node::Kind::kRange && (is_word("if") || is_word("with"));
  if (chains) {
    node.otherwise.push_back(TRY(control(is_word("if") ? Node::Kind::kIf : Node::Kind::kWith)));
    return {};
  }
  TRY(expect_close("else"));
  List otherwise = TRY(list());
  if (otherwise.end == End::kText) return fail(at_column(node.column, "{{else}} without {{end}}"));
  if (otherwise.end == End::kElse) return fail(at_column(otherwise.column, "a second {{else}}"));
  node.otherwise = std::move(otherwise.nodes);
  return expect_close("end");
}

Result<Node> Parser::jump(Node::Kind kind) {
  Node node{.kind = kind, .column = token().column};
  if (ranges_ == 0) return wrong(fmt::format("{{{{{}}}}} outside of {{{{range}}}}", token().text));
  const std::string name = token().text;
  ++at_;
  TRY(expect_close(name));
  return node;
}

// `$x := `, `$x = `, `$i, $v := `.
Result<> Parser::bindings(Pipeline& pipeline, std::size_t most_variables) {
  std::size_t behind = at_;
  while (behind < tokens_.size() &&
         (tokens_[behind].kind == TokenKind::kVariable || tokens_[behind].kind == TokenKind::kComma)) {
    ++behind;
  }
  if (behind == at_ || behind == tokens_.size()) return {};
  if (tokens_[behind].kind == TokenKind::kDeclare) pipeline.binding = Pipeline::Binding::kDeclare;
  if (tokens_[behind].kind == TokenKind::kAssign) pipeline.binding = Pipeline::Binding::kAssign;
  if (pipeline.binding == Pipeline::Binding::kNone) return {};
  for (; at_ < behind; at_ += is(TokenKind::kComma) ? 1 : 0) {
    if (!is(TokenKind::kVariable)) return unexpected_token("a variable");
    if (token().text == "$") return wrong("'$' is what the template is of, and stays that");
    pipeline.variables.push_back(token().text);
    ++at_;
    if (at_ < behind && !is(TokenKind::kComma)) return unexpected_token("':='");
  }
  if (pipeline.variables.size() > most_variables) return wrong("too many variables");
  ++at_;
  for (const std::string& name : pipeline.variables) {
    if (pipeline.binding == Pipeline::Binding::kAssign && std::ranges::find(variables_, name) == variables_.end())
      return wrong(fmt::format("there is no variable '{}'", printable(name)));
  }
  return {};
}

Result<Pipeline> Parser::pipeline(std::size_t most_variables) {
  Pipeline pipeline{.column = token().column};
  TRY(bindings(pipeline, most_variables));
  while (true) {
    pipeline.calls.push_back(TRY(call()));
    if (pipeline.calls.size() > 1) {
      const Operand& first = pipeline.calls.back().words[0];
      if (first.kind != Operand::Kind::kFunction && first.fields.empty())
        return fail(at_column(first.column, fmt::format("'{}' behind '|' is no function", printable(first.text()))));
    }
    if (!is(TokenKind::kPipe)) break;
    ++at_;
  }
  // A variable is known behind its own pipeline.
  if (pipeline.binding == Pipeline::Binding::kDeclare)
    variables_.insert(variables_.end(), pipeline.variables.begin(), pipeline.variables.end());
  return pipeline;
}

Result<Call> Parser::call() {
  Call call{.column = token().column};
  while (!is(TokenKind::kClose) && !is(TokenKind::kRight) && !is(TokenKind::kPipe)) {
    if (!call.words.empty() && !token().is_spaced)
      return wrong(fmt::format("a space is missing before '{}'", printable(token().text)));
    call.words.push_back(TRY(operand()));
  }
  if (call.words.empty()) return unexpected_token("a value");
  return call;
}

Result<Operand> Parser::word() {
  Operand operand{.column = token().column};
  const std::string name = token().text;
  if (name == "true" || name == "false") {
    operand.kind = Operand::Kind::kLiteral;
    operand.literal = name == "true";
  } else if (name == "nil") {
    operand.kind = Operand::Kind::kNil;
  } else if (std::ranges::find(kKeywords, name) != kKeywords.end()) {
    if (name == "define" || name == "template" || name == "block")
      return wrong(fmt::format("'{}' is not there: a format is one template", name));
    return wrong(fmt::format("'{}' does not belong here", name));
  } else if (is_function(name)) {
    operand.kind = Operand::Kind::kFunction;
    operand.name = name;
  } else {
    const auto near = nearest(name, function_names());
    return fail(at_column(token().column, fmt::format("there is no function '{}'", printable(name)),
                          near ? fmt::format("did you mean '{}'?", *near) : ""));
  }
  ++at_;
  return operand;
}

Result<Operand> Parser::variable() {
  if (std::ranges::find(variables_, token().text) == variables_.end())
    return wrong(fmt::format("there is no variable '{}'", printable(token().text)));
  Operand operand{.kind = Operand::Kind::kVariable, .name = token().text, .column = token().column};
  ++at_;
  return operand;
}

Result<Operand> Parser::operand() {
  Operand operand{.column = token().column};
  if (is(TokenKind::kWord)) {
    operand = TRY(word());
    if (operand.kind != Operand::Kind::kFunction && is(TokenKind::kField) && !token().is_spaced)
      return wrong("that has no fields");
    return operand;
  }
  if (is(TokenKind::kLiteral)) {
    operand.kind = Operand::Kind::kLiteral;
    operand.literal = token().literal;
    ++at_;
    return operand;
  }
  if (is(TokenKind::kVariable)) {
    operand = TRY(variable());
  } else if (is(TokenKind::kLeft)) {
    if (++depth_ > kDeepest) return wrong("nested too deeply");
    ++at_;
    operand.kind = Operand::Kind::kPipeline;
    operand.inner.push_back(TRY(pipeline(0)));
    if (!is(TokenKind::kRight)) return unexpected_token("')'");
    ++at_;
    --depth_;
  } else if (is(TokenKind::kDot)) {
    ++at_;
    if (is(TokenKind::kField) && !token().is_spaced) return wrong("'..' is no field");
    return operand;
  } else if (is(TokenKind::kField)) {
    operand.fields.push_back(token().text);
    ++at_;
  } else {
    return unexpected_token("a value");
  }
  for (; is(TokenKind::kField) && !token().is_spaced; ++at_) operand.fields.push_back(token().text);
  return operand;
}

}  // namespace

std::string Operand::text() const {
  std::string text;
  switch (kind) {
    case Kind::kDot: text = fields.empty() ? "." : ""; break;
    case Kind::kVariable:
    case Kind::kFunction: text = name; break;
    case Kind::kLiteral: text = literal.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace); break;
    case Kind::kNil: text = "nil"; break;
    case Kind::kPipeline: text = "(…)"; break;
  }
  for (const std::string& field : fields) text += "." + field;
  return text;
}

Result<std::vector<Node>> parse(std::vector<Token> tokens) { return Parser(std::move(tokens)).run(); }

}  // namespace caisson::templates
