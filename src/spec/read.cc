#include "spec/read.h"

#include <algorithm>

#include "spec/json.h"
#include "spec/validate.h"

namespace caisson::spec {

namespace {

// Parses once more for the place of a syntax error, which the tree's parser keeps to itself without exceptions.
class ErrorPlace : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return true; }
  bool key(string_t&) override { return true; }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) override {
    position_ = position;
    words_ = error.what();
    return false;
  }

  // "line 3, column 7: syntax error while parsing value - unexpected ']'…"
  std::string text(std::string_view json) const {
    const std::string_view read = json.substr(0, position_ == 0 ? 0 : position_ - 1);
    const auto line = 1 + std::count(read.begin(), read.end(), '\n');
    const std::size_t line_start = read.rfind('\n') + 1;  // npos + 1 is 0
    const std::size_t words = words_.find("syntax error");
    return fmt::format("line {}, column {}: {}", line, read.size() - line_start + 1,
                       words == std::string::npos ? words_ : words_.substr(words));
  }

 private:
  std::size_t position_ = 0;
  std::string words_;
};

void read_mount(Fields& fields, Mount& mount) {
  fields.require("destination", mount.destination);
  fields.read("type", mount.type);
  fields.read("source", mount.source);
  fields.read("options", mount.options);
  fields.list("uidMappings", mount.uid_mappings, read_id_mapping);
  fields.list("gidMappings", mount.gid_mappings, read_id_mapping);
  if (!mount.destination.empty() &&
      !mount.destination.starts_with('/')) {  // allowed until version 1.0 of the specification
    fields.warn(below(fields.pointer(), "destination"), "a relative path: taken from the container's root");
    mount.destination.insert(0, "/");
  }
}

void read_top(Fields& fields, Config& config) {
  fields.require("ociVersion", config.oci_version);
  fields.object("root", [&](Fields& root) {
    root.require("path", config.root.path);
    root.read("readonly", config.root.readonly);
  });
  fields.list("mounts", config.mounts, read_mount);
  fields.object("process", [&](Fields& process) { read_process(process, config.process); });
  fields.read("hostname", config.hostname);
  fields.read("domainname", config.domainname);
  fields.read("annotations", config.annotations);
  fields.object("linux", [&](Fields& linux_fields) { read_linux(linux_fields, config.linux_); });
  for (const char* key : {"hooks", "vm", "solaris", "windows", "zos", "freebsd"}) fields.unsupported(key);
  fields.finish();
}

// Adds what validation finds, but not what only follows from an error that is known: of a list with a wrong type it
// would say that it is empty.
void add_validation(Reading& reading) {
  const std::vector<Problem> known = reading.findings.errors;
  const auto holds = [](const std::string& outer, const std::string& inner) {
    return (inner + "/").starts_with(outer + "/");
  };
  const auto follows = [&](const Problem& problem) {
    return std::any_of(known.begin(), known.end(), [&](const Problem& error) {
      return holds(error.pointer, problem.pointer) || holds(problem.pointer, error.pointer);
    });
  };
  Findings more = validate(reading.config);
  for (Problem& problem : more.errors) {
    if (!follows(problem)) reading.findings.errors.push_back(std::move(problem));
  }
  for (Problem& problem : more.warnings) reading.findings.warnings.push_back(std::move(problem));
}

}  // namespace

Reading read_config(std::string_view json, Strictness strictness) {
  Reading reading;
  const Json document = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) {
    ErrorPlace place;
    Json::sax_parse(json, &place);
    reading.findings.errors.push_back({"", "not JSON: " + place.text(json)});
    return reading;
  }
  Fields fields(document, "", reading.findings);
  if (!document.is_object()) return reading;
  read_top(fields, reading.config);
  add_validation(reading);
  if (strictness == Strictness::kStrict) {
    auto& [errors, warnings] = reading.findings;
    errors.insert(errors.end(), std::make_move_iterator(warnings.begin()), std::make_move_iterator(warnings.end()));
    warnings.clear();
  }
  return reading;
}

}  // namespace caisson::spec
