#include "engine/recipe.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace caisson::engine {

namespace {

using Json = nlohmann::ordered_json;

void replace_prefix(std::string& path, const std::string& before, const std::string& now) {
  if (path.starts_with(before)) path.replace(0, before.size(), now);
}

}  // namespace

std::string to_json(const Recipe& recipe) {
  Json sources = Json::array();
  for (const plan::MountSource& source : recipe.sources)
    sources.push_back({{"path", source.path}, {"content", source.content}, {"directory", source.directory}});
  const Json json = {{"origins", recipe.origins}, {"sources", sources}, {"joined", recipe.joined}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Recipe> read_recipe(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return fail(complaint("not a JSON object"));
  try {
    Recipe recipe;
    recipe.origins = json.at("origins").get<std::map<std::string, std::string>>();
    for (const Json& source : json.at("sources")) {
      recipe.sources.push_back({source.at("path").get<std::string>(), source.at("content").get<std::string>(),
                                source.at("directory").get<bool>()});
    }
    recipe.joined = json.at("joined").get<std::map<std::string, pid_t>>();
    return recipe;
  } catch (const Json::exception& exception) {
    return fail(complaint(exception.what()));
  }
}

void rejoin(spec::Config& config, pid_t before, pid_t now) {
  const std::string old_prefix = fmt::format("/proc/{}/", before);
  const std::string new_prefix = fmt::format("/proc/{}/", now);
  for (spec::Namespace& joined : config.linux_.namespaces) replace_prefix(joined.path, old_prefix, new_prefix);
  for (spec::Mount& mount : config.mounts) replace_prefix(mount.source, old_prefix, new_prefix);
}

}  // namespace caisson::engine
