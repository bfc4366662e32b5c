#include "oci/state_json.h"

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "kernel/files.h"

namespace caisson::oci {

std::string owner_name(std::uint32_t uid) {
  // passwd(5), read directly: a static program has no NSS.
  const std::string text = kernel::read_file("/etc/passwd").value_or("");
  for (const std::string_view line : split(text, '\n')) {
    const std::vector<std::string_view> fields = split(line, ':');
    if (fields.size() > 2 && parse_unsigned(fields[2]) == uid) return std::string(fields[0]);
  }
  return std::to_string(uid);
}

std::string state_json(const runtime::Container& container, std::string_view owner, JsonForm form) {
  const runtime::Record& record = container.record;
  const bool has_process = container.status != runtime::Status::kStopped;
  const bool lines = form == JsonForm::kLines;
  const auto field = [&](std::string_view key, std::string_view value) {
    return fmt::format("{}:{}{}", json_quote(key), lines ? " " : "", value);
  };
  const auto object = [&](const std::vector<std::string>& fields, std::size_t indent) {
    if (!lines) return fmt::format("{{{}}}", fmt::join(fields, ","));
    const std::string next = fmt::format("\n{:{}}", "", indent + 2);
    return fmt::format("{{{}{}\n{:{}}}}", next, fmt::join(fields, "," + next), "", indent);
  };
  std::vector<std::string> fields = {
      field("ociVersion", json_quote(record.oci_version)),
      field("id", json_quote(record.id)),
      field("pid", std::to_string(has_process ? record.process.pid : 0)),
      field("status", json_quote(runtime::status_word(container.status))),
      field("bundle", json_quote(record.bundle)),
      field("rootfs", json_quote(record.rootfs)),
      field("created", json_quote(rfc3339(record.created_ns))),
  };
  if (!record.annotations.empty()) {
    std::vector<std::string> pairs;
    for (const auto& [key, value] : record.annotations) pairs.push_back(field(key, json_quote(value)));
    fields.push_back(field("annotations", object(pairs, 2)));
  }
  fields.push_back(field("owner", json_quote(owner)));
  return object(fields, 0);
}

}  // namespace caisson::oci
