#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "cli/container_json.h"
#include "cli/moment.h"
#include "cli/template.h"

namespace caisson::cli {
namespace {

using Json = nlohmann::ordered_json;

TEST(Rows, AreATableWithHeadings) {
  const std::vector<ListedRow> rows = {{{{"ID", "1"}, {"Names", "long name"}}}, {{{"ID", "22"}, {"Names", "b"}}}};
  const auto printed = [&](const char* format) { return Format::read(format)->rows(rows, {}).value_or("an error"); };
  EXPECT_EQ(printed("table {{.ID}}\\t{{.Names}}"), "ID  NAMES\n1   long name\n22  b\n");
  EXPECT_EQ(printed("json"), "{\"ID\":\"1\",\"Names\":\"long name\"}\n{\"ID\":\"22\",\"Names\":\"b\"}\n");
  EXPECT_EQ(printed("{{.ID}}"), "1\n22\n");
  EXPECT_EQ(Format::read("table {{.Nope}}")->rows(rows, {}).error().text(),
            "--format: column 9: there is no field '.Nope'");
}

TEST(Rows, HaveTheHeadingsOfTheirListing) {
  const Columns columns = {.table = {"ID", "CreatedAt"}, .headings = {{"ID", "CONTAINER ID"}}};
  const std::vector<ListedRow> rows = {{{{"ID", "é…"}, {"CreatedAt", "now"}}, {{"tier", "front"}}}};
  const auto printed = [&](const char* format, Format::Heading heading = Format::Heading::kShown) {
    const Result<Format> read = Format::read(format);
    return read ? read->rows(rows, columns, heading).value_or("an error") : "wrong";
  };
  EXPECT_EQ(printed(""), "CONTAINER ID  CREATED AT\né…            now\n");
  EXPECT_EQ(printed("table", Format::Heading::kNone), "é…  now\n");
  EXPECT_EQ(printed("table {{.ID}}: {{.CreatedAt}}\\t{{.Label \"tier\"}}"),
            "CONTAINER ID: CREATED AT  LABEL\né…: now                   front\n");
  EXPECT_EQ(printed("{{.Label \"none\"}}."), ".\n");
  EXPECT_EQ(printed("{{"), "wrong");
}

TEST(Rows, AreReadyForWhatTheFormatUses) {
  EXPECT_TRUE(Format::read("json")->uses("Size"));
  EXPECT_TRUE(Format::read("table {{.Size}}")->uses("Size"));
  EXPECT_FALSE(Format::read("{{.ID}}")->uses("Size"));
  EXPECT_FALSE(Format::read("")->uses("Size"));
}

TEST(Objects, AreAListOrALineEach) {
  const std::vector<Json> objects = {{{"Id", 1}}, {{"Id", 2}}};
  EXPECT_EQ(render_objects("", objects).value_or(""),
            "[\n    {\n        \"Id\": 1\n    },\n    {\n        \"Id\": 2\n    }\n]\n");
  EXPECT_EQ(render_objects("json", objects).value_or(""), "[{\"Id\":1},{\"Id\":2}]\n");
  EXPECT_EQ(render_objects("{{.Id}}", objects).value_or(""), "1\n2\n");
  EXPECT_FALSE(render_objects("table {{.Id}}", objects) && render_objects("table", objects));
}

TEST(Headings, AreTheFieldsWords) {
  EXPECT_EQ(plain_heading("ID"), "ID");
  EXPECT_EQ(plain_heading("CreatedAt"), "CREATED AT");
  EXPECT_EQ(plain_heading("NetIO"), "NET IO");
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
  EXPECT_EQ(human_duration(0), "Less than a second");
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
  EXPECT_EQ(row["Status"], "Exited (137) Less than a second ago: why");
}

}  // namespace
}  // namespace caisson::cli
