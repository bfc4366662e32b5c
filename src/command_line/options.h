// Options of the command line as data: a row an option. Parsing (over getopt_long(3)), --help, completions and man
// pages are all made from the rows; only the table of the verb that was called is ever built.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace caisson::command_line {

/// How one option is written, and what is said about it.
struct Spelling {
  std::string_view name;  ///< without dashes: "memory"
  char letter = 0;        ///< 'm'; 0: none
  std::string_view argument =
      {};                         ///< what stands for its value: "SIZE"; empty: a flag, `--name` or `--name=true|false`
  std::string_view group = {};    ///< the heading it stands under
  std::string_view help = {};     ///< empty: understood, not listed
  bool repeated = false;          ///< may be given several times, and all count
  std::string_view same_as = {};  ///< the name of the option it is another spelling of
};

/// One option as it was given.
struct Use {
  std::string_view name;   ///< of its row, or of the row that it is the same as
  std::string_view value;  ///< "true" or "false" for a flag
  std::string typed;       ///< "-m 100m"; "--rm"
  bool repeated = false;
  bool is_flag = false;
};

template <class Target>
struct Option {
  Spelling spelling;
  Result<> (*set)(Target& target, const Use& use) = nullptr;  ///< nullptr: the option is known, but not there yet
};

/// Where options may stand.
enum class Order {
  kBeforeOperands,  ///< the first operand ends them: what follows belongs to a command (`run`, `exec`)
  kAnywhere,        ///< between operands too (`rm NAME -f`); `--` ends them
};

struct Parsed {
  bool help = false;  ///< --help was met: nothing after it was read
  std::vector<std::string> operands;
};

/// Reads `arguments` (without the program's and the verb's name), calling `apply` for each use with its row's number.
///
/// Long names are not abbreviated; `-it` is `-i -t`; values are `-m100m`, `-m=100m`, `-m 100m`, `--memory=100m` or
/// `--memory 100m`. --help is understood without a row, and -h too unless a row has that letter.
/// Errors: an unknown option (with the nearest name as hint), a missing value, a flag that is neither true nor false,
/// and what `apply` fails with.
using Apply = std::function<Result<>(std::size_t row, const Use& use)>;
Result<Parsed> scan(const std::vector<Spelling>& rows, const std::vector<std::string>& arguments, Order order,
                    const Apply& apply);

/// The spellings of a table, for help and completions.
template <class Table>
std::vector<Spelling> spellings(const Table& table) {
  std::vector<Spelling> rows;
  rows.reserve(std::size(table));
  for (const auto& option : table) rows.push_back(option.spelling);
  return rows;
}

/// "--publish (-p) is not there yet".
Error not_there_yet(const Spelling& spelling);

/// scan() with a table's own setters; their errors get the option as typed. A target with remember(use) is told of each
/// use.
template <class Table, class Target>
Result<Parsed> parse(const Table& table, Target& target, const std::vector<std::string>& arguments, Order order) {
  return scan(spellings(table), arguments, order, [&](std::size_t row, const Use& use) -> Result<> {
    const auto& option = std::data(table)[row];
    if (option.set == nullptr) return fail(not_there_yet(option.spelling));
    TRY_IN(use.typed, option.set(target, use));
    if constexpr (requires { target.remember(use); }) target.remember(use);
    return {};
  });
}

/// What --help prints: `usage` ("caisson run [OPTION…] SOURCE [COMMAND…]"), one sentence, and the listed options under
/// their headings, in the order of the table, in lines of at most `width` columns.
std::string help_text(std::string_view usage, std::string_view about, const std::vector<Spelling>& rows,
                      std::size_t width = 80);

}  // namespace caisson::command_line
