#include "engine/update.h"

#include <unistd.h>

#include <algorithm>

#include "cgroup/update.h"
#include "engine/compose.h"
#include "engine/devices.h"
#include "engine/events.h"
#include "host/probe.h"
#include "kernel/files.h"
#include "runtime/update.h"
#include "spec/json.h"

namespace caisson::engine {

namespace {

Result<Surroundings> surroundings_for(const RunOptions& options) {
  Surroundings around{.facts = host::probe()};
  around.online_cpus = static_cast<std::uint32_t>(std::max(::sysconf(_SC_NPROCESSORS_ONLN), 0L));
  TRY(resolve_limited_devices(options, around));
  return around;
}

}  // namespace

Result<> update_container(const Places& places, const Container& container, const RunOptions& options, const Log& log) {
  const std::string directory = places.container(container.record.id);
  const std::string config_path = directory + "/" + kConfigFile;
  const std::string text = TRY(kernel::read_file(config_path));
  const spec::Reading reading = spec::read_config(text);
  if (!reading.findings.errors.empty()) return fail(spec::as_error(reading.findings.errors, config_path));
  const spec::Resources& present = reading.config.linux_.resources;

  const spec::Resources change = TRY(compose_limits(options, TRY(surroundings_for(options))));
  const bool runs = container.live && container.live->process.pid != 0;
  const spec::Resources wanted =
      runs ? TRY(runtime::update_limits(container.record.cgroup_directories, present, change, log))
           : cgroup::merged(present, change);
  if (wanted != present) {
    TRY(kernel::replace_file(config_path, TRY(spec::replace_resources(text, wanted)), 0600));
  }
  note_event(places, container.record, "update");
  if (!options.typed.contains("restart") || options.restart == container.record.restart) return {};
  Record record = container.record;
  record.restart = options.restart;
  return kernel::replace_file(directory + "/" + kRecordFile, to_json(record), 0600);
}

}  // namespace caisson::engine
