#include "command_line/options.h"

#include <getopt.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace caisson::command_line {

namespace {

constexpr std::array<std::string_view, 6> kTrue = {"true", "1", "t", "T", "TRUE", "True"};
constexpr std::array<std::string_view, 6> kFalse = {"false", "0", "f", "F", "FALSE", "False"};
constexpr int kOperand = 1;      // what getopt_long says for an operand when it keeps the order
constexpr int kFirstLong = 256;  // above every letter; plus the row's number

/// One pass of getopt_long over one command line, with its habits put right: it abbreviates long names, prints, and
/// does not say which word it was at.
class Scanner {
 public:
  Scanner(const std::vector<Spelling>& rows, const std::vector<std::string>& arguments, Order order,
          const Apply& apply);
  Result<Parsed> run();

 private:
  void describe(Order order);
  Result<bool> take(int found);  ///< false: --help
  Result<> use(std::size_t row, std::string spelling, const char* value);
  Error unknown(int found) const;
  Error unknown_long(std::string_view name) const;
  bool at_long() const { return word_.size() > 2 && word_.starts_with("--"); }
  std::string_view long_name() const { return cut(std::string_view(word_).substr(2), '=').head; }

  const std::vector<Spelling>& rows_;
  const Apply& apply_;
  std::vector<std::string> words_;  // the command line as getopt_long wants it: a name first
  std::vector<char*> argv_;
  std::string letters_;
  std::vector<::option> longs_;
  std::string word_;  // the one that is being read
  bool word_is_read_ = false;
  Parsed parsed_;
};

Scanner::Scanner(const std::vector<Spelling>& rows, const std::vector<std::string>& arguments, Order order,
                 const Apply& apply)
    : rows_(rows), apply_(apply) {
  words_.reserve(arguments.size() + 1);
  words_.emplace_back("caisson");
  words_.insert(words_.end(), arguments.begin(), arguments.end());
  for (std::string& word : words_) argv_.push_back(word.data());
  argv_.push_back(nullptr);
  describe(order);
}

void Scanner::describe(Order order) {
  letters_ = order == Order::kBeforeOperands ? "+:" : "-:";  // ':': a missing value is told from an unknown option
  longs_.reserve(rows_.size() + 2);
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const Spelling& row = rows_[i];
    const bool flag = row.argument.empty();
    longs_.push_back(
        {row.name.data(), flag ? optional_argument : required_argument, nullptr, kFirstLong + static_cast<int>(i)});
    if (row.letter == 0) continue;
    letters_ += row.letter;
    if (!flag) letters_ += ':';
  }
  if (letters_.find('h') == std::string::npos) letters_ += 'h';
  longs_.push_back({"help", no_argument, nullptr, 'h'});
  longs_.push_back({nullptr, 0, nullptr, 0});
}

Result<Parsed> Scanner::run() {
  optind = 0;  // glibc: start anew
  opterr = 0;
  std::size_t first = 0;  // of the words, that getopt takes for the program's name
  for (;;) {
    const auto at = first + static_cast<std::size_t>(std::max(optind, 1));
    word_ = at < words_.size() ? words_[at] : std::string();
    const int found = getopt_long(static_cast<int>(words_.size() - first), argv_.data() + first, letters_.c_str(),
                                  longs_.data(), nullptr);
    if (found == -1) break;
    if (!TRY(take(found))) {
      parsed_.help = true;
      return std::move(parsed_);
    }
    if (std::exchange(word_is_read_, false)) {
      first = at;
      optind = 0;
    }
  }
  const auto operands = words_.begin() + static_cast<std::ptrdiff_t>(first) + optind;
  parsed_.operands.insert(parsed_.operands.end(), operands, words_.end());
  return std::move(parsed_);
}

Result<bool> Scanner::take(int found) {
  if (found == kOperand) {
    parsed_.operands.emplace_back(optarg);
    return true;
  }
  // An abbreviation that getopt_long took for a name is as unknown as any other.
  const auto named = [this](const Spelling& row) { return row.name == long_name(); };
  if (at_long() && long_name() != "help" && std::none_of(rows_.begin(), rows_.end(), named))
    return fail(unknown_long(long_name()));
  if (found == ':')
    return fail(complaint(fmt::format("{} needs a value", at_long() ? word_ : fmt::format("-{:c}", optopt))));
  if (found == '?') return fail(unknown(optopt));
  if (found >= kFirstLong) {
    const auto row = static_cast<std::size_t>(found - kFirstLong);
    TRY(use(row, fmt::format("--{}", rows_[row].name), optarg));
    return true;
  }
  const auto lettered =
      std::find_if(rows_.begin(), rows_.end(), [&](const Spelling& row) { return row.letter == found; });
  if (at_long() || lettered == rows_.end()) return false;  // --help, or -h where no row has it
  const char* value = optarg;
  if (value != nullptr && *value == '=' && word_.ends_with(value) && word_ != value) ++value;  // -m=100m
  const std::size_t equals = word_.find('=');
  if (lettered->argument.empty() && equals != std::string::npos && word_.find(lettered->letter) + 1 == equals) {
    value = word_.c_str() + equals + 1;  // -t=false, of which getopt knows nothing
    word_is_read_ = true;
  }
  TRY(use(static_cast<std::size_t>(lettered - rows_.begin()), fmt::format("-{}", lettered->letter), value));
  return true;
}

Result<> Scanner::use(std::size_t row, std::string spelling, const char* value) {
  const Spelling& option = rows_[row];
  Use use{.name = option.same_as.empty() ? option.name : option.same_as,
          .value = value == nullptr ? "true" : value,
          .typed = std::move(spelling),
          .repeated = option.repeated,
          .is_flag = option.argument.empty()};
  if (option.argument.empty()) {
    const bool yes = std::find(kTrue.begin(), kTrue.end(), use.value) != kTrue.end();
    if (!yes && std::find(kFalse.begin(), kFalse.end(), use.value) == kFalse.end()) {
      return fail(in(use.typed, complaint(fmt::format("not true or false: '{}'", use.value))));
    }
    if (value != nullptr) use.typed += fmt::format("={}", value);
    use.value = yes ? "true" : "false";
  } else {
    use.typed += fmt::format(" {}", shell_quote(use.value));
  }
  return apply_(row, use);
}

Error Scanner::unknown(int letter) const {
  if (at_long()) return complaint(fmt::format("--{} takes no value", long_name()));
  return complaint(fmt::format("unknown option -{:c}", letter));
}

Error Scanner::unknown_long(std::string_view name) const {
  std::vector<std::string_view> known;
  std::optional<std::string_view> near;
  for (const Spelling& row : rows_) {
    known.push_back(row.name);
    // What may have been meant as an abbreviation: the shortest of the names that it begins.
    if (!name.empty() && row.name.starts_with(name) && (!near || row.name.size() < near->size())) near = row.name;
  }
  if (!near) near = nearest(name, known);
  return complaint(fmt::format("unknown option --{}", name),
                   near ? fmt::format("did you mean --{}?", *near) : std::string());
}

}  // namespace

Result<Parsed> scan(const std::vector<Spelling>& rows, const std::vector<std::string>& arguments, Order order,
                    const Apply& apply) {
  return Scanner(rows, arguments, order, apply).run();
}

Error not_there_yet(const Spelling& spelling) {
  return complaint(spelling.letter == 0 ? fmt::format("--{} is not there yet", spelling.name)
                                        : fmt::format("--{} (-{}) is not there yet", spelling.name, spelling.letter));
}

}  // namespace caisson::command_line
