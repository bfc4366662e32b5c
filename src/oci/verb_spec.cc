#include <fcntl.h>
#include <unistd.h>

#include <array>

#include <fmt/format.h>

#include "host/probe.h"
#include "kernel/files.h"
#include "oci/command.h"
#include "oci/default_config.h"
#include "spec/json.h"

namespace caisson::oci {

namespace {

struct SpecOptions {
  std::string bundle;
  std::string file;
  bool rootless = false;
};

constexpr std::array kOptions = {
    Option<SpecOptions>{{"bundle", 'b', "DIR", {}, "The directory to write it to (default: the working directory)"},
                        set_text<SpecOptions, &SpecOptions::bundle>},
    Option<SpecOptions>{{"file", 'f', "FILE", {}, "The file to write it to (default: config.json in the bundle)"},
                        set_text<SpecOptions, &SpecOptions::file>},
    Option<SpecOptions>{{"rootless", 0, {}, {}, "For an ordinary user: with a user namespace of its own"},
                        set_flag<SpecOptions, &SpecOptions::rootless>},
};

Result<> write_spec(const SpecOptions& options) {
  const std::string path =
      !options.file.empty() ? options.file : (options.bundle.empty() ? "" : options.bundle + "/") + "config.json";
  const CgroupMode mode = host::probe().cgroup_mode;
  const spec::Config config = options.rootless ? rootless_config(::geteuid(), ::getegid(), mode) : default_config(mode);
  if (kernel::exists(path)) return fail(complaint(fmt::format("file {} exists. Remove it first", path)));
  const Fd file = TRY(kernel::open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0644));
  return kernel::write_all(file.get(), spec::write_config(config), path);
}

}  // namespace

int verb_spec(const Command& command) {
  SpecOptions options;
  int status = 0;
  if (!read_options(command, kOptions, options, Order::kAnywhere, {0, 0}, status)) return status;
  const Result<> written = write_spec(options);
  return written ? 0 : refuse(command, written.error());
}

}  // namespace caisson::oci
