// What an image's config says of a container, where no option does (image-spec config.md, and docker's meaning of it).
// All of it is the image's: what is malformed is left out, with a warning.
#include <algorithm>

#include <fmt/format.h>

#include "base/signals.h"
#include "base/text.h"
#include "engine/compose_topics.h"

namespace caisson::engine {

namespace {

bool has_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

// "data/../x/" → "/x": below the root, as docker takes it.
std::string clean_path(std::string_view path) {
  std::vector<std::string_view> kept;
  for (const std::string_view component : split(path, '/')) {
    if (component == ".." && !kept.empty()) kept.pop_back();
    if (!component.empty() && component != "." && component != "..") kept.push_back(component);
  }
  std::string clean;
  for (const std::string_view component : kept) clean += "/" + std::string(component);
  return clean.empty() ? "/" : clean;
}

void leave_out(const Composing& c, std::string_view what, std::string_view text) {
  c.out.warnings.push_back(fmt::format("the image's {} {} is left out: it is malformed", what, shell_quote(text)));
}

}  // namespace

// With an entrypoint of the options' the image's command is not its arguments (docker's --entrypoint).
std::vector<std::string> arguments_of(const RunOptions& options, const std::optional<ImageFacts>& image) {
  const image::ContainerDefaults defaults = image ? image->defaults : image::ContainerDefaults();
  std::vector<std::string> arguments = options.entrypoint.value_or(defaults.entrypoint);
  const bool own_command = !options.command.empty() || options.entrypoint.has_value();
  const std::vector<std::string>& command = own_command ? options.command : defaults.command;
  arguments.insert(arguments.end(), command.begin(), command.end());
  return arguments;
}

void add_image_environment(const Composing& c) {
  if (!c.around.image) return;
  for (const std::string& entry : c.around.image->defaults.environment) {
    const Cut parts = cut(entry, '=');
    if (parts.head.empty() || !parts.tail || has_nul(entry)) {
      leave_out(c, "variable", entry);
    } else {
      set_variable(c.config().process.env, parts.head, *parts.tail);
    }
  }
}

std::string working_directory(const Composing& c) {
  if (!c.options.workdir.empty()) return c.options.workdir;
  if (!c.around.image || c.around.image->defaults.working_directory.empty()) return "/";
  const std::string& directory = c.around.image->defaults.working_directory;
  if (!has_nul(directory)) return clean_path(directory);
  leave_out(c, "WorkingDir", directory);
  return "/";
}

std::vector<std::string> image_volumes(const Composing& c) {
  std::vector<std::string> paths;
  if (!c.around.image) return paths;
  for (const std::string& volume : c.around.image->defaults.volumes) {
    const std::string path = clean_path(volume);
    if (has_nul(volume) || path == "/") {
      leave_out(c, "volume", volume);
    } else if (std::ranges::find(paths, path) == paths.end()) {
      paths.push_back(path);
    }
  }
  return paths;
}

void compose_labels(const Composing& c) {
  c.out.labels = c.options.labels;
  if (c.around.image)
    c.out.labels.insert(c.around.image->defaults.labels.begin(), c.around.image->defaults.labels.end());
}

void compose_stop_signal(const Composing& c) {
  if (c.options.stop_signal) {
    c.out.stop_signal = *c.options.stop_signal;
  } else if (c.around.image && !c.around.image->defaults.stop_signal.empty()) {
    const std::string& text = c.around.image->defaults.stop_signal;
    const std::optional<int> signal = parse_signal(text);
    if (!signal) leave_out(c, "StopSignal", text);
    c.out.stop_signal = signal.value_or(c.out.stop_signal);
  }
}

}  // namespace caisson::engine
