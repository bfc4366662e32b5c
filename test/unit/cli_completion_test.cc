#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/text.h"
#include "cli/completion.h"
#include "cli/global_options.h"

namespace caisson::cli {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

Manual stop_all_manual() {
  return {"[-t SECONDS] CONTAINER…",
          "",
          {{"all", 'a', {}, {}, "All"}, {"time", 't', "SECONDS", {}, "How long"}, {"file", 0, "FILE", {}, "Which"}}};
}
Manual run_a_manual() {
  return {"[OPTION…] IMAGE [COMMAND…]",
          "",
          {{"rm", 0, {}, {}, "Remove"},
           {"pull", 0, "WHEN", {}, "When"},
           {"in", 'i', "CONTAINER", {}, "Where"},
           {"old", 0, "X", {}, {}}},
          Order::kBeforeOperands};
}
Manual copy_manual() { return {"CONTAINER:PATH DIR\nFILE VOLUME", "", {}}; }

const Verb kOfGroup[] = {{"ls", "List", nullptr, stop_all_manual}, {"list", "", nullptr, stop_all_manual}};
std::span<const Verb> group_verbs() { return kOfGroup; }

const Verb kVerbs[] = {{"stop", "Stop", nullptr, stop_all_manual}, {"run", "Run", nullptr, run_a_manual},
                       {"cp", "Copy", nullptr, copy_manual},       {"image", "Images", nullptr, nullptr, group_verbs},
                       {"old", "Has no manual", nullptr},          {"hidden", "", nullptr, stop_all_manual}};
const std::vector<Spelling> kGlobals = {{"root", 0, "DIR", {}, "Where"}, {"strict", 0, {}, {}, "Refuse"}};

/// The completion of a line, a space at whose end begins a new word.
Completion of(std::string_view line) {
  std::vector<std::string> words;
  for (const std::string_view word : split(line, ' ')) words.emplace_back(word);
  return complete(kVerbs, kGlobals, words);
}
std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  for (const Candidate& candidate : of(line).candidates) words.push_back(candidate.word);
  return words;
}

TEST(Complete, Verbs) {
  EXPECT_THAT(words_of(""), ElementsAre("stop", "run", "cp", "image", "old"));
  EXPECT_THAT(words_of("--strict st"), Contains("stop"));
  EXPECT_THAT(words_of("--root /x st"), Contains("stop"));
  EXPECT_THAT(words_of("image "), ElementsAre("ls"));
  EXPECT_THAT(words_of("nosuch "), IsEmpty());
  EXPECT_EQ(of("st").candidates[0].help, "Stop");
}

TEST(Complete, Options) {
  EXPECT_THAT(words_of("-"), ElementsAre("--root", "--strict", "--help"));
  EXPECT_THAT(words_of("stop -"), ElementsAre("--all", "--time", "--file", "--help"));
  EXPECT_THAT(words_of("stop x --a"), Contains("--all"));
  EXPECT_THAT(words_of("image ls --"), Contains("--all"));
  EXPECT_THAT(words_of("hidden --"), Contains("--all"));
  EXPECT_THAT(words_of("run --"), ElementsAre("--rm", "--pull", "--in", "--help"));
  EXPECT_THAT(words_of("run image --"), IsEmpty());  // they are the command's
  EXPECT_THAT(words_of("stop -- --"), IsEmpty());
  EXPECT_THAT(words_of("old --"), ElementsAre("--help"));
}

TEST(Complete, ValuesOfOptions) {
  EXPECT_THAT(words_of("run --pull "), ElementsAre("missing", "always", "never", "newer"));
  EXPECT_THAT(words_of("run --pull=ne"), Contains("never"));
  EXPECT_THAT(words_of("run --nosuch=ne"), IsEmpty());
  EXPECT_THAT(of("run --in ").names, ElementsAre("CONTAINER"));
  EXPECT_THAT(of("run -i ").names, ElementsAre("CONTAINER"));
  EXPECT_THAT(of("run -ix ").names, ElementsAre("IMAGE"));  // it has its value
  EXPECT_TRUE(of("stop --file ").files);
  EXPECT_TRUE(of("--root ").directories);
}

TEST(Complete, Operands) {
  EXPECT_THAT(of("stop ").names, ElementsAre("CONTAINER"));
  EXPECT_THAT(of("stop one two --all ").names, ElementsAre("CONTAINER"));
  EXPECT_THAT(of("stop --time 3 ").names, ElementsAre("CONTAINER"));
  EXPECT_THAT(of("stop -at 3 ").names, ElementsAre("CONTAINER"));
  EXPECT_THAT(of("run --rm ").names, ElementsAre("IMAGE"));
  EXPECT_THAT(of("run image ").names, IsEmpty());
  EXPECT_THAT(of("cp ").names, ElementsAre("CONTAINER"));
  EXPECT_TRUE(of("cp ").files);
  EXPECT_THAT(of("cp x ").names, ElementsAre("VOLUME"));
  EXPECT_TRUE(of("cp x ").directories);
  EXPECT_THAT(of("cp x y ").names, IsEmpty());
}

TEST(Complete, NamesAreListedByVerbs) {
  EXPECT_THAT(names_command("CONTAINER"), ElementsAre("ps", "--all", "--format", "{{.Names}}"));
  EXPECT_THAT(names_command("NOSUCH"), IsEmpty());
}

// --- the tables of all verbs -------------------------------------------------------------------------------------

struct Named {
  std::string name;
  Manual manual;
};
void collect(std::span<const Verb> verbs, const std::string& before, std::vector<Named>& named) {
  for (const Verb& verb : verbs) {
    const std::string name = before + " " + std::string(verb.name);
    if (verb.manual != nullptr) named.push_back({name, verb.manual()});
    if (verb.verbs != nullptr) collect(verb.verbs(), name, named);
  }
}

TEST(Manuals, FitATerminalAndSayEachThingOnce) {
  std::vector<Named> named;
  collect(verbs(), "caisson", named);
  EXPECT_GT(named.size(), 40U);
  for (const auto& [name, manual] : named) {
    std::set<std::string_view> names;
    std::set<char> letters;
    for (const Spelling& row : manual.options) {
      EXPECT_TRUE(names.insert(row.name).second) << name << ": --" << row.name;
      EXPECT_TRUE(row.letter == 0 || letters.insert(row.letter).second) << name << ": -" << row.letter;
    }
    EXPECT_TRUE(manual.about.ends_with('.') || manual.about.ends_with("…")) << name;
    EXPECT_FALSE(manual.operands.starts_with("caisson")) << name;
    const std::string help = help_text(name, manual);
    for (const std::string_view line : split(help, '\n')) {
      const auto columns = std::ranges::count_if(line, [](char c) { return (c & 0xc0) != 0x80; });
      EXPECT_LE(columns, 84) << name << ": " << line;
    }
  }
}

}  // namespace
}  // namespace caisson::cli
