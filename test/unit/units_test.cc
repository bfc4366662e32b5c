#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "units/unit_file.h"
#include "units/unit_text.h"

namespace caisson::units {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(UnitFile, IsReadAsSystemdDoes) {
  const auto sections = read_unit_file(
      "# a comment\n"
      "; and another\n"
      "[Unit]\n"
      "Description = A  thing \n"
      "\n"
      "[Service]\n"
      "ExecStart=/bin/a \\\n"
      "# a comment between\n"
      "  one \\\n"
      "  two\n"
      "Environment=\n"
      "[Unit]\n"
      "After=b=c\n");
  ASSERT_TRUE(sections) << sections.error().text();
  ASSERT_EQ(sections->size(), 2U);
  const Section& unit = sections->at(0);
  EXPECT_EQ(unit.name, "Unit");
  EXPECT_EQ(unit.line, 3U);
  ASSERT_EQ(unit.assignments.size(), 2U);
  EXPECT_EQ(unit.assignments[0].key, "Description");
  EXPECT_EQ(unit.assignments[0].value, "A  thing");
  EXPECT_EQ(unit.assignments[1].value, "b=c");
  EXPECT_EQ(unit.assignments[1].line, 13U);
  const Section& service = sections->at(1);
  EXPECT_EQ(service.assignments[0].value, "/bin/a  one  two");
  EXPECT_EQ(service.assignments[0].line, 7U);
  EXPECT_EQ(service.assignments[1].value, "");
}

TEST(UnitFile, SaysWhereItIsWrong) {
  EXPECT_EQ(read_unit_file("[Unit]\nnonsense\n").error().text(),
            "line 2: 'nonsense' is no section, assignment or comment");
  EXPECT_EQ(read_unit_file("A=b\n").error().text(), "line 1: 'A=' stands in no section");
  EXPECT_FALSE(read_unit_file("[Unit]\n=b\n"));
}

TEST(UnitFile, IsWrittenAsItIsRead) {
  const std::string text = "[Unit]\nA=b\nA=c\n\n[Service]\nB=d e\n";
  EXPECT_EQ(write_unit_file(read_unit_file(text).value()), text);
}

std::vector<std::string> words(std::string_view value) { return split_words(value).value(); }

TEST(Words, AreCutAtBlanksButForQuotes) {
  EXPECT_THAT(words("  a\tb  c "), ElementsAre("a", "b", "c"));
  EXPECT_THAT(words(""), IsEmpty());
  EXPECT_THAT(words("\"a b\" 'c \"d'"), ElementsAre("a b", "c \"d"));
  EXPECT_THAT(words("A=\"b c\"d"), ElementsAre("A=b cd"));
  EXPECT_THAT(words(R"(a\sb \x41 \101 \t\\ \")"), ElementsAre("a b", "A", "A", "\t\\", "\""));
  EXPECT_THAT(words("''"), ElementsAre(""));
  for (const char* wrong : {"\"a", "'", "\\", "\\q", "\\x4", "\\9", "\\x00"}) EXPECT_FALSE(split_words(wrong)) << wrong;
}

TEST(Words, AreQuotedSoThatTheyAreReadBack) {
  for (const char* word : {"a", "a b", "", ";", "it's", "say \"x\"", "\\", "a\nb\tc", "--x=y", "\x7f", "é", "$HOME"})
    EXPECT_THAT(words(quoted_word(word)), ElementsAre(word));
  EXPECT_EQ(quoted_word("%n"), "%n");
  EXPECT_EQ(literal_word("50% of $x"), "\"50%% of $x\"");
  EXPECT_EQ(literal_exec_word("50%$x"), "50%%$$x");
  EXPECT_EQ(quoted_words({"a", "b c"}), "a \"b c\"");
}

ContainerUnit web() {
  return {.program = {"/usr/bin/caisson"}, .root = "/var/lib/caisson", .container = "web", .name = "container-web"};
}

TEST(UnitText, OfAContainerThatIsThere) {
  EXPECT_EQ(unit_text(web()),
            "[Unit]\n"
            "Description=caisson container web\n"
            "Documentation=man:caisson-generate-systemd(1)\n"
            "Wants=network-online.target\n"
            "After=network-online.target\n"
            "RequiresMountsFor=/var/lib/caisson\n"
            "\n"
            "[Service]\n"
            "Restart=on-failure\n"
            "TimeoutStopSec=70\n"
            "ExecStart=/usr/bin/caisson start web\n"
            "ExecStop=/usr/bin/caisson stop -t 10 web\n"
            "ExecStopPost=/usr/bin/caisson stop -t 10 web\n"
            "Type=forking\n"
            "Delegate=yes\n"
            "SuccessExitStatus=143\n"
            "\n"
            "[Install]\n"
            "WantedBy=default.target\n");
}

TEST(UnitText, OfANewContainer) {
  ContainerUnit unit = web();
  unit.create_words = {{"--name=web", "--env=A=50% $x", "image", "sh", "-c", "echo $$"}};
  unit.has_name = true;
  const std::string text = unit_text(unit);
  EXPECT_THAT(text, HasSubstr("ExecStartPre=/bin/rm -f %t/%n.ctr-id\n"));
  EXPECT_THAT(text, HasSubstr("ExecStart=/usr/bin/caisson run --cidfile=%t/%n.ctr-id -d --rm --replace --name=web "
                              "\"--env=A=50%% $$x\" image sh -c \"echo $$$$\"\n"));
  EXPECT_THAT(text, HasSubstr("ExecStop=/usr/bin/caisson stop --ignore -t 10 --cidfile=%t/%n.ctr-id\n"));
  EXPECT_THAT(text, HasSubstr("ExecStopPost=/usr/bin/caisson rm -f --ignore -t 10 --cidfile=%t/%n.ctr-id\n"));
}

TEST(UnitText, SaysWhatWasAskedFor) {
  ContainerUnit unit = web();
  unit.program = {"/opt/a b/caisson", "--root", "/x"};
  unit.restart_policy = "always";
  unit.restart_s = 3;
  unit.stop_timeout_s = -1;
  unit.after = {"a.service", "b.service"};
  unit.requires_units = {"c.service"};
  unit.wants = {"d.service"};
  unit.environment = {"A=b c"};
  const std::string text = unit_text(unit);
  for (const char* line :
       {"After=network-online.target a.service b.service\n", "Requires=c.service\n",
        "Wants=network-online.target d.service\n", "Environment=\"A=b c\"\n", "Restart=always\n", "RestartSec=3\n",
        "TimeoutStopSec=infinity\n", "ExecStart=\"/opt/a b/caisson\" --root /x start web\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(unit_text(web()), Not(HasSubstr("RestartSec")));
}

}  // namespace
}  // namespace caisson::units
