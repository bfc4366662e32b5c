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

std::string state_json(const runtime::Container& container, std::string_view owner, int indent) {
  const runtime::Record& record = container.record;
  const bool has_process = container.status != runtime::Status::kStopped;
  std::vector<std::string> fields = {
      R"("ociVersion": )" + json_quote(record.oci_version),
      R"("id": )" + json_quote(record.id),
      fmt::format(R"("pid": {})", has_process ? record.process.pid : 0),
      fmt::format(R"("status": "{}")", runtime::status_word(container.status)),
      R"("bundle": )" + json_quote(record.bundle),
      R"("rootfs": )" + json_quote(record.rootfs),
      fmt::format(R"("created": "{}")", rfc3339(record.created_ns)),
  };
  if (!record.annotations.empty()) {
    std::vector<std::string> pairs;
    for (const auto& [key, value] : record.annotations)
      pairs.push_back(fmt::format("{:{}}  {}: {}", "", indent + 2, json_quote(key), json_quote(value)));
    fields.push_back(fmt::format("\"annotations\": {{\n{}\n{:{}}}}", fmt::join(pairs, ",\n"), "", indent + 2));
  }
  fields.push_back(R"("owner": )" + json_quote(owner));
  std::vector<std::string> lines;
  for (const std::string& field : fields) lines.push_back(fmt::format("{:{}}{}", "", indent + 2, field));
  return fmt::format("{:{}}{{\n{}\n{:{}}}}", "", indent, fmt::join(lines, ",\n"), "", indent);
}

}  // namespace caisson::oci
