#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "cli/container_json.h"
#include "cli/moment.h"
#include "cli/template.h"

namespace caisson::cli {
namespace {

using Json = nlohmann::ordered_json;

struct TemplateCase {
  const char* name;
  const char* format;
  const char* out;  ///< null: an error
};
class TemplateTest : public testing::TestWithParam<TemplateCase> {};
TEST_P(TemplateTest, IsFilledIn) {
  const Json object = {{"Name", "web"}, {"State", {{"Pid", 7}, {"Running", true}}}, {"List", {1, 2}}};
  const Result<std::string> out = render(GetParam().format, object);
  if (GetParam().out == nullptr) {
    EXPECT_FALSE(out);
  } else {
    EXPECT_EQ(out.value_or("an error"), GetParam().out);
  }
}
INSTANTIATE_TEST_SUITE_P(Formats, TemplateTest,
                         testing::Values(TemplateCase{"field", "{{.Name}}", "web"},
                                         TemplateCase{"spaces", "{{ .Name }}!", "web!"},
                                         TemplateCase{"nested", "{{.State.Pid}}", "7"},
                                         TemplateCase{"boolean", "{{.State.Running}}", "true"},
                                         TemplateCase{"json", "{{json .State}}", "{\"Pid\":7,\"Running\":true}"},
                                         TemplateCase{"json_of_a_string", "{{json .Name}}", "\"web\""},
                                         TemplateCase{"escapes", "{{.Name}}\\t{{.List}}\\n", "web\t[1,2]\n"},
                                         TemplateCase{"no_field", "{{.Nope}}", nullptr},
                                         TemplateCase{"below_a_string", "{{.Name.X}}", nullptr},
                                         TemplateCase{"open", "{{.Name", nullptr},
                                         TemplateCase{"function", "{{len .Name}}", nullptr}),
                         [](const auto& row) { return row.param.name; });

TEST(Rows, AreATableWithHeadings) {
  const std::vector<Json> rows = {{{"ID", "1"}, {"Names", "long name"}}, {{"ID", "22"}, {"Names", "b"}}};
  EXPECT_EQ(render_rows("table {{.ID}}\\t{{.Names}}", rows).value_or(""), "ID  NAMES\n1   long name\n22  b\n");
  EXPECT_EQ(render_rows("json", rows).value_or(""),
            "{\"ID\":\"1\",\"Names\":\"long name\"}\n{\"ID\":\"22\",\"Names\":\"b\"}\n");
  EXPECT_EQ(render_rows("{{.ID}}", rows).value_or(""), "1\n22\n");
}

TEST(Moment, IsReadInItsForms) {
  EXPECT_EQ(parse_moment("1.5"), 1'500'000'000);
  EXPECT_EQ(parse_moment("1970-01-01T00:00:01Z"), 1'000'000'000);
  EXPECT_EQ(parse_moment("1970-01-01T01:00:01.5+01:00"), 1'500'000'000);
  EXPECT_EQ(parse_moment("1970-01-02"), 86'400'000'000'000);
  EXPECT_EQ(parse_moment("1970-01-01T00:00:02"), 2'000'000'000);
  const std::int64_t ago = parse_moment("1h30m").value_or(0);
  EXPECT_NEAR(static_cast<double>(now_nanoseconds() - ago), 5400e9, 60e9);
}

TEST(Moment, RefusesWhatIsNone) {
  for (const char* text : {"", "yesterday", "10x", "m", "-1", "1970-13-01", "1970-01-01T00:00:01Q"})
    EXPECT_FALSE(parse_moment(text)) << text;
}

TEST(Duration, IsSaidAsDockerSaysIt) {
  EXPECT_EQ(human_duration(0), "less than a second");
  EXPECT_EQ(human_duration(1'000'000'000), "1 second");
  EXPECT_EQ(human_duration(119'000'000'000), "1 minute");
  EXPECT_EQ(human_duration(7200'000'000'000), "2 hours");
}

TEST(PsRow, TellsHowAContainerEnded) {
  engine::Container container;
  container.record = {.id = std::string(64, 'a'), .name = "web", .command = {"a command that is longer than twenty"}};
  container.ending = engine::Ending{.exit_code = 137, .signal = 9, .reason = "why", .finished_ns = now_nanoseconds()};
  const Json row = ps_row(container, false);
  EXPECT_EQ(row["ID"], "aaaaaaaaaaaa");
  EXPECT_EQ(row["Command"], "a command that is l…");
  EXPECT_EQ(row["State"], "exited");
  EXPECT_EQ(row["Status"], "Exited (137) less than a second ago: why");
}

}  // namespace
}  // namespace caisson::cli
