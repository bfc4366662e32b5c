// The words of a template: text, and what stands between {{ and }}.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/result.h"
#include "templates/template.h"

namespace caisson::templates {

enum class TokenKind {
  kText,      ///< outside of actions
  kOpen,      ///< {{ or {{-
  kClose,     ///< }} or -}}
  kWord,      ///< a keyword, or a function's name
  kDot,       ///< . alone
  kField,     ///< .Name
  kVariable,  ///< $ or $name
  kLiteral,   ///< a string, a number or a character
  kPipe,
  kComma,
  kDeclare,  ///< :=
  kAssign,   ///< =
  kLeft,     ///< (
  kRight,    ///< )
};

struct Token {
  TokenKind kind = TokenKind::kText;
  std::string text;                ///< as it is written; of a field without its dot
  nlohmann::ordered_json literal;  ///< of a kLiteral
  std::size_t column = 0;
  bool is_spaced = false;  ///< white space stands before it
};

/// The tokens of `text`, in which comments are left out and text is trimmed as the markers say. Errors: an action, a
/// comment, a string that does not end; a number or an escape that is none; a character that has no meaning.
Result<std::vector<Token>> tokens(std::string_view text, Escapes escapes, std::size_t first_column);

}  // namespace caisson::templates
