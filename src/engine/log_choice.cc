#include "engine/log_choice.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "engine/value_grammar.h"

namespace caisson::engine {

namespace {

struct DriverRow {
  LogDriver driver;
  std::string_view name;
};
constexpr std::array kDrivers = {DriverRow{LogDriver::kLines, "k8s-file"}, DriverRow{LogDriver::kJson, "json-file"},
                                 DriverRow{LogDriver::kJournal, "journald"}, DriverRow{LogDriver::kNone, "none"}};

constexpr std::int64_t kMostFiles = 1000;
constexpr std::array<std::string_view, 4> kTagFields = {"{{.ID}}", "{{.FullID}}", "{{.Name}}", "{{.ImageName}}"};

void replace_all(std::string& text, std::string_view before, std::string_view now) {
  for (std::size_t at = 0; (at = text.find(before, at)) != std::string::npos; at += now.size())
    text.replace(at, before.size(), now);
}

Result<std::string> read_tag(std::string_view value) {
  std::string rest(value);
  for (const std::string_view field : kTagFields) replace_all(rest, field, "");
  if (rest.find("{{") != std::string::npos)
    return fail(complaint(fmt::format("a tag may have {}", fmt::join(kTagFields, ", "))));
  if (rest.find('\n') != std::string::npos) return fail(complaint("a tag is one line"));
  return std::string(value);
}

}  // namespace

std::string_view log_driver_name(LogDriver driver) {
  return std::find_if(kDrivers.begin(), kDrivers.end(), [&](const DriverRow& r) { return r.driver == driver; })->name;
}

Result<> read_log_driver(std::string_view text, LogChoice& choice) {
  const auto* row = std::find_if(kDrivers.begin(), kDrivers.end(), [&](const DriverRow& r) { return r.name == text; });
  if (row == kDrivers.end()) {
    return fail(complaint(fmt::format("there is no log driver '{}'", text),
                          "k8s-file (the default), json-file, journald and none are"));
  }
  choice.driver = row->driver;
  return {};
}

Result<> read_log_option(std::string_view text, LogChoice& choice) {
  const auto [name, value] = TRY(read_assignment(text));
  if (name == "max-size") {
    choice.file_bytes = value == "-1" ? 0 : TRY(read_size(value));
  } else if (name == "max-file") {
    choice.files = static_cast<std::int32_t>(TRY(read_number(value, 1, kMostFiles)));
  } else if (name == "path") {
    if (!value.starts_with('/')) return fail(complaint(fmt::format("'{}' is not an absolute path", value)));
    choice.path = value;
  } else if (name == "tag") {
    choice.tag = TRY(read_tag(value));
  } else {
    return fail(complaint(fmt::format("there is no log option '{}'", name), "max-size, max-file, path and tag are"));
  }
  return {};
}

Result<> check_log_choice(const LogChoice& choice) {
  const bool is_file = choice.driver == LogDriver::kLines || choice.driver == LogDriver::kJson;
  const LogChoice usual;
  const auto unknown = [&](std::string_view name) {
    return fail(complaint(
        fmt::format("--log-opt {}: the log driver {} has no such option", name, log_driver_name(choice.driver))));
  };
  if (!is_file && choice.file_bytes != usual.file_bytes) return unknown("max-size");
  if (!is_file && choice.files != usual.files) return unknown("max-file");
  if (!is_file && !choice.path.empty()) return unknown("path");
  if (choice.driver != LogDriver::kJournal && !choice.tag.empty()) return unknown("tag");
  return {};
}

std::string journal_fields(const LogChoice& choice, const LogSubject& subject) {
  const std::string shown_id = short_id(subject.id);
  std::string tag = choice.tag.empty() ? subject.name : choice.tag;
  const std::array<std::string_view, 4> values = {shown_id, subject.id, subject.name, subject.image};
  for (std::size_t i = 0; i < values.size(); ++i) replace_all(tag, kTagFields[i], values[i]);
  const std::array<std::pair<std::string_view, std::string_view>, 6> fields = {{{"CONTAINER_ID", shown_id},
                                                                                {"CONTAINER_ID_FULL", subject.id},
                                                                                {"CONTAINER_NAME", subject.name},
                                                                                {"CONTAINER_TAG", tag},
                                                                                {"IMAGE_NAME", subject.image},
                                                                                {"SYSLOG_IDENTIFIER", tag}}};
  std::string text;
  for (const auto& [name, value] : fields) {
    // A field in this form is one line; what a source is called may hold anything.
    text += fmt::format("{}={}\n", name, value.substr(0, value.find('\n')));
  }
  return text;
}

}  // namespace caisson::engine
