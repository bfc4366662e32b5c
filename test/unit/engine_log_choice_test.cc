#include "engine/log_choice.h"

#include <gtest/gtest.h>

namespace caisson::engine {
namespace {

LogChoice choice(std::string_view driver, const std::vector<std::string>& options = {}) {
  LogChoice read;
  EXPECT_TRUE(read_log_driver(driver, read)) << driver;
  for (const std::string& option : options) EXPECT_TRUE(read_log_option(option, read)) << option;
  return read;
}

std::string problem(std::string_view option) {
  LogChoice read;
  const Result<> done = read_log_option(option, read);
  return done ? "none" : done.error().text();
}

TEST(LogChoice, IsReadAsDockersOptionsAre) {
  const LogChoice read = choice("json-file", {"max-size=1m", "max-file=5", "path=/var/log/x"});
  EXPECT_EQ(read, (LogChoice{.driver = LogDriver::kJson, .path = "/var/log/x", .file_bytes = 1 << 20, .files = 5}));
  EXPECT_EQ(choice("k8s-file", {"max-size=-1"}).file_bytes, 0);
  for (const char* name : {"k8s-file", "json-file", "journald", "none"})
    EXPECT_EQ(log_driver_name(choice(name).driver), name);
}

TEST(LogChoice, SaysWhatIsWrong) {
  LogChoice read;
  EXPECT_EQ(read_log_driver("syslog", read).error().text(), "there is no log driver 'syslog'");
  EXPECT_EQ(problem("compress=true"), "there is no log option 'compress'");
  EXPECT_EQ(problem("path=here"), "'here' is not an absolute path");
  EXPECT_EQ(problem("tag={{.Pid}}"), "a tag may have {{.ID}}, {{.FullID}}, {{.Name}}, {{.ImageName}}");
  EXPECT_NE(problem("max-file=0"), "none");
  EXPECT_NE(problem("max-size=big"), "none");
  EXPECT_EQ(check_log_choice(choice("journald", {"max-size=1m"})).error().text(),
            "--log-opt max-size: the log driver journald has no such option");
  EXPECT_EQ(check_log_choice(choice("json-file", {"tag=x"})).error().text(),
            "--log-opt tag: the log driver json-file has no such option");
  EXPECT_FALSE(check_log_choice(choice("none", {"path=/x"})));
  EXPECT_TRUE(check_log_choice(choice("json-file", {"max-size=1m"})));
}

TEST(LogChoice, FieldsOfTheJournalAreDockers) {
  const LogSubject subject{.id = std::string(64, 'a'), .name = "web", .image = "/srv/a\nb"};
  EXPECT_EQ(journal_fields(choice("journald", {"tag=x/{{.Name}}/{{.ID}}"}), subject),
            "CONTAINER_ID=aaaaaaaaaaaa\nCONTAINER_ID_FULL=" + std::string(64, 'a') +
                "\nCONTAINER_NAME=web\nCONTAINER_TAG=x/web/aaaaaaaaaaaa\nIMAGE_NAME=/srv/a\n"
                "SYSLOG_IDENTIFIER=x/web/aaaaaaaaaaaa\n");
}

}  // namespace
}  // namespace caisson::engine
