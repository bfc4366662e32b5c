#include "spec/read.h"

#include <algorithm>

#include "spec/document.h"
#include "spec/json.h"
#include "spec/validate.h"

namespace caisson::spec {

namespace {

void read_mount(Fields& fields, Mount& mount) {
  fields.require("destination", mount.destination);
  fields.read("type", mount.type);
  fields.read("source", mount.source);
  fields.read("options", mount.options);
  fields.list("uidMappings", mount.uid_mappings, read_id_mapping);
  fields.list("gidMappings", mount.gid_mappings, read_id_mapping);
  if (!mount.destination.empty() &&
      !mount.destination.starts_with('/')) {  // allowed until version 1.0 of the specification
    fields.warn(Place(fields.place(), "destination"), "a relative path: taken from the container's root");
    mount.destination.insert(0, "/");
  }
}

void read_hook(Fields& fields, Hook& hook) {
  fields.require("path", hook.path);
  fields.read("args", hook.args);
  fields.read("env", hook.env);
  fields.read("timeout", hook.timeout_s);
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
  fields.object("hooks", [&](Fields& hooks) {
    for (const HookList& kind : kHookLists) hooks.list(kind.name, config.hooks.*kind.list, read_hook);
  });
  fields.object("linux", [&](Fields& linux_fields) { read_linux(linux_fields, config.linux_); });
  for (const char* key : {"vm", "solaris", "windows", "zos", "freebsd"}) fields.unsupported(key);
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

void apply(Strictness strictness, Findings& findings) {
  if (strictness != Strictness::kStrict) return;
  auto& [errors, warnings] = findings;
  errors.insert(errors.end(), std::make_move_iterator(warnings.begin()), std::make_move_iterator(warnings.end()));
  warnings.clear();
}

}  // namespace

Reading read_config(std::string_view json, Strictness strictness) {
  Reading reading;
  const std::optional<Document> document = parse_document(json, reading.findings);
  if (!document) return reading;
  Fields fields(*document, Place(""), reading.findings);
  if (!document->IsObject()) return reading;
  read_top(fields, reading.config);
  add_validation(reading);
  apply(strictness, reading.findings);
  return reading;
}

ProcessReading read_process(std::string_view json, const Config& config, Strictness strictness) {
  Reading reading{.config = config};
  reading.config.process = {};
  ProcessReading read;
  const std::optional<Document> document = parse_document(json, reading.findings);
  if (document) {
    // As it stands in a configuration, so that what is found wrong has one form.
    constexpr std::string_view kPointer = "/process";
    Fields fields(*document, Place(kPointer), reading.findings);
    if (document->IsObject()) {
      read_process(fields, reading.config.process);
      fields.finish();
      add_validation(reading);
    }
    const auto shorten = [&](std::vector<Problem>& problems) {
      std::erase_if(problems, [&](const Problem& p) { return !p.pointer.starts_with(kPointer); });
      for (Problem& problem : problems) problem.pointer.erase(0, kPointer.size());
    };
    shorten(reading.findings.errors);
    shorten(reading.findings.warnings);
  }
  apply(strictness, reading.findings);
  read.process = std::move(reading.config.process);
  read.findings = std::move(reading.findings);
  return read;
}

ResourcesReading read_resources(std::string_view json) {
  ResourcesReading reading;
  const std::optional<Document> document = parse_document(json, reading.findings);
  if (!document) return reading;
  Fields fields(*document, Place(""), reading.findings);
  if (!document->IsObject()) return reading;
  read_resources(fields, reading.resources);
  fields.finish();
  return reading;
}

}  // namespace caisson::spec
