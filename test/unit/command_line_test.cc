#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "command_line/manual.h"
#include "command_line/options.h"
#include "command_line/single_dash.h"

namespace caisson::command_line {
namespace {

using testing::ElementsAre;

struct Target {
  std::vector<std::string> uses;
  void remember(const Use& use) { uses.push_back(use.typed); }
};
Result<> refuse_x(Target&, const Use& use) {
  if (use.value == "x") return fail(complaint("not that"));
  return {};
}
Result<> accept(Target&, const Use&) { return {}; }

constexpr Option<Target> kTable[] = {
    {{"interactive", 'i', "", "Terminal", "Keep it open"}, accept},
    {{"tty", 't', "", "Terminal", "A terminal"}, accept},
    {{"memory", 'm', "SIZE", "Limits", "How much memory, in words that are long enough to need a second line of help"},
     refuse_x},
    {{"memory-swap", 0, "SIZE", "Limits", "Both"}, refuse_x},
    {{"env", 'e', "NAME[=VALUE]", "Limits", "A variable", true}, accept},
    {{"net", 0, "WHICH", "", "", false, "network"}, accept},
    {{"publish", 'p', "PORTS"}},
};

// "-it -m 1" as a shell would split it, without quotes.
std::vector<std::string> words(std::string_view line) {
  std::vector<std::string> result;
  if (line.empty()) return result;
  for (const std::string_view word : split(line, ' ')) result.emplace_back(word);
  return result;
}

struct ScanCase {
  const char* name;
  const char* line;
  std::vector<std::string> uses;
  std::vector<std::string> operands;
  Order order = Order::kBeforeOperands;
};
void PrintTo(const ScanCase& scan_case, std::ostream* out) { *out << scan_case.name; }
class ScanTest : public testing::TestWithParam<ScanCase> {};
TEST_P(ScanTest, ReadsWhatWasTyped) {
  Target target;
  const Result<Parsed> parsed = parse(kTable, target, words(GetParam().line), GetParam().order);
  ASSERT_TRUE(parsed) << parsed.error().text();
  EXPECT_EQ(target.uses, GetParam().uses);
  EXPECT_EQ(parsed->operands, GetParam().operands);
  EXPECT_FALSE(parsed->help);
}
INSTANTIATE_TEST_SUITE_P(
    Lines, ScanTest,
    testing::Values(ScanCase{"Nothing", "", {}, {}}, ScanCase{"Bundle", "-it a", {"-i", "-t"}, {"a"}},
                    ScanCase{"BundleWithValue", "-itm100m a", {"-i", "-t", "-m 100m"}, {"a"}},
                    ScanCase{"LetterValueApart", "-m 100m a", {"-m 100m"}, {"a"}},
                    ScanCase{"LetterValueAfterEquals", "-m=100m a", {"-m 100m"}, {"a"}},
                    ScanCase{"LetterValueThatIsEquals", "-m = a", {"-m ="}, {"a"}},
                    ScanCase{"LongValueApart", "--memory 100m a", {"--memory 100m"}, {"a"}},
                    ScanCase{"LongValueAfterEquals", "--memory=100m a", {"--memory 100m"}, {"a"}},
                    ScanCase{"EmptyValue", "--memory= a", {"--memory ''"}, {"a"}},
                    ScanCase{"NegativeValue", "--memory-swap -1 a", {"--memory-swap -1"}, {"a"}},
                    ScanCase{"LongerNameOfTwo", "--memory-swap=2 --memory=1", {"--memory-swap 2", "--memory 1"}, {}},
                    ScanCase{"FlagTrue", "--tty=true", {"--tty=true"}, {}},
                    ScanCase{"FlagFalse", "--tty=0", {"--tty=0"}, {}},
                    ScanCase{"LettersFlagFalse", "-t=0 -m 1 a -i", {"-t=0", "-m 1"}, {"a", "-i"}},
                    ScanCase{"LettersFlagFalseInBundle", "-it=false", {"-i", "-t=false"}, {}},
                    ScanCase{"LettersFlagFalseBetweenOperands",
                             "a -t=f b -mi=2 -i",
                             {"-t=f", "-m i=2", "-i"},
                             {"a", "b"},
                             Order::kAnywhere},
                    ScanCase{"FlagTakesNoWord", "--tty false", {"--tty"}, {"false"}},
                    ScanCase{"Repeated", "-e A=1 -eB --env=C=c=c", {"-e A=1", "-e B", "--env C=c=c"}, {}},
                    ScanCase{"StopsAtOperand", "-i src -t --unknown -m", {"-i"}, {"src", "-t", "--unknown", "-m"}},
                    ScanCase{"StopsAtDashes", "-i -- -t src", {"-i"}, {"-t", "src"}},
                    ScanCase{"DashesOfTheCommandStay", "src -- -t", {}, {"src", "--", "-t"}},
                    ScanCase{"DashIsAnOperand", "-i - -t", {"-i"}, {"-", "-t"}},
                    ScanCase{"BetweenOperands", "a -i b -t c", {"-i", "-t"}, {"a", "b", "c"}, Order::kAnywhere},
                    ScanCase{"BetweenOperandsUntilDashes", "a -i -- b -t", {"-i"}, {"a", "b", "-t"}, Order::kAnywhere},
                    ScanCase{"OperandsThatAreDashes", "- -i", {"-i"}, {"-"}, Order::kAnywhere}),
    [](const auto& row) { return row.param.name; });

struct BadCase {
  const char* name;
  const char* line;
  const char* text;
  const char* hint;
};
void PrintTo(const BadCase& bad, std::ostream* out) { *out << bad.name; }
class BadLineTest : public testing::TestWithParam<BadCase> {};
TEST_P(BadLineTest, IsOneClearError) {
  for (const Order order : {Order::kBeforeOperands, Order::kAnywhere}) {
    Target target;
    const Result<Parsed> parsed = parse(kTable, target, words(GetParam().line), order);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().text(), GetParam().text);
    EXPECT_EQ(parsed.error().hint, GetParam().hint);
  }
}
INSTANTIATE_TEST_SUITE_P(
    Lines, BadLineTest,
    testing::Values(BadCase{"Unknown", "--memroy 1", "unknown option --memroy", "did you mean --memory?"},
                    BadCase{"UnknownWithValue", "--memroy=1", "unknown option --memroy", "did you mean --memory?"},
                    BadCase{"UnknownAndFar", "--quux", "unknown option --quux", ""},
                    BadCase{"Abbreviated", "--inter", "unknown option --inter", "did you mean --interactive?"},
                    BadCase{"AbbreviatedWithValue", "--memory-s 1", "unknown option --memory-s",
                            "did you mean --memory-swap?"},
                    BadCase{"AmbiguousAbbreviation", "--mem 1", "unknown option --mem", "did you mean --memory?"},
                    BadCase{"NoName", "--=1", "unknown option --", ""},
                    BadCase{"UnknownLetter", "-x", "unknown option -x", ""},
                    BadCase{"UnknownLetterInBundle", "-ixt", "unknown option -x", ""},
                    BadCase{"ValueOfALettersFlag", "-it=maybe", "-t: not true or false: 'maybe'", ""},
                    BadCase{"EqualsAlone", "-=", "unknown option -=", ""},
                    BadCase{"NoValue", "--memory", "--memory needs a value", ""},
                    BadCase{"NoValueOfALetter", "-im", "-m needs a value", ""},
                    BadCase{"NeitherTrueNorFalse", "--tty=maybe", "--tty: not true or false: 'maybe'", ""},
                    BadCase{"EmptyFlag", "--tty=", "--tty: not true or false: ''", ""},
                    BadCase{"RefusedValue", "-mx", "-m x: not that", ""},
                    BadCase{"RefusedLongValue", "--memory=x", "--memory x: not that", ""},
                    BadCase{"NotThereYet", "-i --publish 80:80", "--publish (-p) is not there yet", ""},
                    BadCase{"NotThereYetByLetter", "-p80:80", "--publish (-p) is not there yet", ""},
                    BadCase{"HelpWithValue", "--help=x", "--help takes no value", ""}),
    [](const auto& row) { return row.param.name; });

TEST(Scan, HelpEndsReading) {
  for (const char* line : {"--help", "-h", "-i --help --unknown", "-ih"}) {
    Target target;
    const Result<Parsed> parsed = parse(kTable, target, words(line), Order::kBeforeOperands);
    ASSERT_TRUE(parsed) << parsed.error().text();
    EXPECT_TRUE(parsed->help) << line;
  }
  Target target;
  EXPECT_FALSE(parse(kTable, target, words("cmd --help"), Order::kBeforeOperands)->help);
}

TEST(Scan, LetterOfHelpMayBeTaken) {
  const std::vector<Spelling> rows = {{.name = "hostname", .letter = 'h', .argument = "NAME"}};
  std::string value;
  const auto keep = [&](std::size_t, const Use& use) -> Result<> {
    value = use.value;
    return {};
  };
  ASSERT_TRUE(scan(rows, {"-h", "box"}, Order::kBeforeOperands, keep));
  EXPECT_EQ(value, "box");
  EXPECT_TRUE(scan(rows, {"--help"}, Order::kBeforeOperands, keep)->help);
}

TEST(Scan, GivesTheNameAnOptionIsTheSameAs) {
  std::string name;
  ASSERT_TRUE(
      scan(spellings(kTable), {"--net", "host"}, Order::kBeforeOperands, [&](std::size_t, const Use& use) -> Result<> {
        name = use.name;
        return {};
      }));
  EXPECT_EQ(name, "network");
}

TEST(Scan, CanBeCalledAgain) {
  for (int i = 0; i < 3; ++i) {
    Target target;
    const Result<Parsed> parsed = parse(kTable, target, {"-it", "a", "-b"}, Order::kBeforeOperands);
    ASSERT_TRUE(parsed);
    EXPECT_THAT(target.uses, ElementsAre("-i", "-t"));
    EXPECT_THAT(parsed->operands, ElementsAre("a", "-b"));
    EXPECT_FALSE(parse(kTable, target, {"-ix"}, Order::kBeforeOperands));  // left in the middle of a word
  }
}

struct DashCase {
  std::string_view typed;
  std::string_view expected;
  Order order = Order::kAnywhere;
};
void PrintTo(const DashCase& c, std::ostream* out) { *out << c.typed; }

class SingleDash : public testing::TestWithParam<DashCase> {};

TEST_P(SingleDash, BecomesTwoBeforeALongName) {
  const DashCase& c = GetParam();
  EXPECT_EQ(with_double_dashes(spellings(kTable), words(c.typed), c.order), words(c.expected));
}

INSTANTIATE_TEST_SUITE_P(Words, SingleDash,
                         testing::Values(DashCase{"-memory=1 x", "--memory=1 x"},
                                         DashCase{"-memory 1 -tty", "--memory 1 --tty"}, DashCase{"-help", "--help"},
                                         DashCase{"--memory -tty", "--memory -tty"}, DashCase{"-it -tty", "-it --tty"},
                                         DashCase{"-m -tty -tty", "-m -tty --tty"}, DashCase{"-im -tty", "-im -tty"},
                                         DashCase{"-m1 -tty", "-m1 --tty"}, DashCase{"-i=true -tty", "-i=true --tty"},
                                         DashCase{"-nosuch", "-nosuch"}, DashCase{"- -tty", "- --tty"},
                                         DashCase{"-- -tty", "-- -tty"}, DashCase{"x -tty", "x --tty"},
                                         DashCase{"x -tty", "x -tty", Order::kBeforeOperands}));

TEST(Help, IsAlignedAndGrouped) {
  EXPECT_EQ(help_text("caisson x [OPTION…] NAME", "Does what it does.", spellings(kTable), 72),
            "Usage: caisson x [OPTION…] NAME\n"
            "\n"
            "Does what it does.\n"
            "\n"
            "Terminal:\n"
            "  -i, --interactive       Keep it open\n"
            "  -t, --tty               A terminal\n"
            "\n"
            "Limits:\n"
            "  -m, --memory SIZE       How much memory, in words that are long enough\n"
            "                          to need a second line of help\n"
            "      --memory-swap SIZE  Both\n"
            "  -e, --env NAME[=VALUE]  A variable\n");
}

struct AskCase {
  std::string_view typed;
  bool asks;
  Order order = Order::kAnywhere;
  bool passes_options_on = false;
};
void PrintTo(const AskCase& c, std::ostream* out) { *out << c.typed; }

class AsksForHelp : public testing::TestWithParam<AskCase> {};

TEST_P(AsksForHelp, WhereAnOptionMayStand) {
  const AskCase& c = GetParam();
  const Manual manual{"NAME", "", spellings(kTable), c.order, {}, {}, c.passes_options_on};
  EXPECT_EQ(asks_for_help(manual, words(c.typed)), c.asks);
}

INSTANTIATE_TEST_SUITE_P(Words, AsksForHelp,
                         testing::Values(AskCase{"--help", true}, AskCase{"-h", true}, AskCase{"-ih", true},
                                         AskCase{"x --help", true}, AskCase{"x --help", false, Order::kBeforeOperands},
                                         AskCase{"-- --help", false}, AskCase{"--memory --help", false},
                                         AskCase{"--nosuch --help", false}, AskCase{"--memory=h x", false},
                                         AskCase{"-m lots --help", true},  // the value is not looked at
                                         AskCase{"--nosuch --help", true, Order::kAnywhere, true}));

TEST(Help, HasALineForEachWayToCallAndExamples) {
  const Manual manual{"NAME\n--all", "Does it.", {}, Order::kAnywhere, "caisson x a\n  Does it to a."};
  EXPECT_EQ(help_text("caisson x", manual),
            "Usage: caisson x NAME\n"
            "       caisson x --all\n"
            "\n"
            "Does it.\n"
            "\n"
            "Examples:\n"
            "  caisson x a\n"
            "    Does it to a.\n");
}

}  // namespace
}  // namespace caisson::command_line
