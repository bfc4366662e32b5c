#include "cli/names.h"

#include <cstdio>

#include "cli/template.h"

namespace caisson::cli {

Result<> require_names(const std::vector<std::string>& names) {
  if (names.empty()) return fail(complaint("which container? A name or the beginning of an id is needed"));
  return {};
}

int print_objects(const Command& command, const std::vector<std::string>& names, const std::string& format,
                  const std::function<Result<nlohmann::ordered_json>(const std::string&)>& find) {
  int status = 0;
  std::vector<nlohmann::ordered_json> objects;
  for (const std::string& name : names) {
    Result<nlohmann::ordered_json> object = find(name);
    if (object) {
      objects.push_back(*std::move(object));
    } else {
      refuse(command, object.error());
      status = 1;
    }
  }
  const Result<std::string> text = render_objects(format, objects);
  if (!text) return refuse(command, text.error());
  std::fputs(text->c_str(), stdout);
  return status;
}

}  // namespace caisson::cli
