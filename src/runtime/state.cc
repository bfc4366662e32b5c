#include "runtime/state.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "cgroup/freezer.h"
#include "kernel/files.h"

namespace caisson::runtime {

namespace {

constexpr int kVersion = 1;

std::string process_json(const kernel::ProcessId& process) {
  return fmt::format(R"({{"pid":{},"startTicks":{}}})", process.pid, process.start_ticks);
}

kernel::ProcessId read_process(const nlohmann::json& json) {
  return {json.at("pid").get<pid_t>(), json.at("startTicks").get<std::uint64_t>()};
}

std::string string_list(const std::vector<std::string>& list) {
  std::vector<std::string> quoted;
  for (const std::string& text : list) quoted.push_back(json_quote(text));
  return fmt::format("[{}]", fmt::join(quoted, ","));
}

std::string systemd_json(const Record& record) {
  return fmt::format(R"({{"unit":{},"program":{},"isUser":{}}})", json_quote(record.systemd_unit),
                     json_quote(record.choices.systemd_program), record.systemd_is_user);
}

std::string string_map(const std::map<std::string, std::string>& map) {
  std::vector<std::string> pairs;
  for (const auto& [key, value] : map) pairs.push_back(json_quote(key) + ":" + json_quote(value));
  return fmt::format("{{{}}}", fmt::join(pairs, ","));
}

Status status_of(const StateRoot& root, const Record& record) {
  if (record.process.pid == 0) return kernel::is_running(record.creator) ? Status::kCreating : Status::kStopped;
  if (!kernel::is_running(record.process)) return Status::kStopped;
  if (cgroup::is_frozen(record.cgroup_directories)) return Status::kPaused;
  return kernel::exists(root.start_socket(record.id)) ? Status::kCreated : Status::kRunning;
}

// unix(7): a path has to fit into 108 bytes, so it is named by its directory's descriptor.
Result<sockaddr_un> address_in(const Fd& directory) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = fmt::format("/proc/self/fd/{}/start", directory.get());
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

Result<Fd> new_socket() {
  Fd made(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!made) return fail(os_error("socket", "AF_UNIX"));
  return made.get() > 2 ? Result<Fd>(std::move(made)) : kernel::duplicate(made.get());
}

Error invalid_id(std::string_view id) {
  return complaint(fmt::format("invalid container ID format: '{}'", id), "letters, digits, and any of _ + . -");
}

}  // namespace

std::string_view status_word(Status status) {
  switch (status) {
    case Status::kCreating: return "creating";
    case Status::kCreated: return "created";
    case Status::kRunning: return "running";
    case Status::kPaused: return "paused";
    case Status::kStopped: return "stopped";
  }
  return "";
}

bool is_container_id(std::string_view id) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+.-";
  constexpr std::size_t kLongest = 255;  // NAME_MAX
  return !id.empty() && id.size() <= kLongest && id != "." && id != ".." &&
         id.find_first_not_of(kLetters) == std::string_view::npos;
}

std::string to_json(const Record& record) {
  return fmt::format(
      R"({{"version":{},"id":{},"ociVersion":{},"bundle":{},"rootfs":{},"annotations":{},"cgroups":{},"resctrl":{},)"
      R"("systemd":{},"owner":{},"created":{},"newKeyring":{},"pivot":{},"notifies":{},"networkAhead":{},"fewMounts":{},"poststop":{},)"
      R"("creator":{},"process":{}}})"
      "\n",
      kVersion, json_quote(record.id), json_quote(record.oci_version), json_quote(record.bundle),
      json_quote(record.rootfs), string_map(record.annotations), string_list(record.cgroup_directories),
      string_list(record.resctrl_directories), systemd_json(record), record.owner, record.created_ns,
      record.choices.new_keyring, record.choices.pivot, record.choices.notifies, record.choices.network_ahead,
      record.choices.few_mounts, record.has_poststop, process_json(record.creator), process_json(record.process));
}

Result<Record> read_record(std::string_view json) {
  try {
    const auto document = nlohmann::json::parse(json);
    const int version = document.at("version").get<int>();
    if (version != kVersion)
      return fail(complaint(fmt::format("version {} of the record is not known to this caisson-oci", version)));
    return Record{.id = document.at("id"),
                  .oci_version = document.at("ociVersion"),
                  .bundle = document.at("bundle"),
                  .rootfs = document.at("rootfs"),
                  .annotations = document.at("annotations"),
                  .cgroup_directories = document.at("cgroups"),
                  .resctrl_directories = document.at("resctrl"),
                  .systemd_unit = document.at("systemd").at("unit"),
                  .systemd_is_user = document.at("systemd").at("isUser"),
                  .owner = document.at("owner"),
                  .created_ns = document.at("created"),
                  .choices = {.new_keyring = document.at("newKeyring"),
                              .pivot = document.at("pivot"),
                              .notifies = document.at("notifies"),
                              .network_ahead = document.value("networkAhead", false),
                              .few_mounts = document.value("fewMounts", false),
                              .systemd_program = document.at("systemd").at("program")},
                  .has_poststop = document.at("poststop"),
                  .creator = read_process(document.at("creator")),
                  .process = read_process(document.at("process"))};
  } catch (const nlohmann::json::exception& error) {
    return fail(complaint(error.what()));
  }
}

Result<Container> find_container(const StateRoot& root, const std::string& id) {
  if (!is_container_id(id)) return fail(invalid_id(id));
  const Result<std::string> text = kernel::read_file(root.record(id));
  if (!text) {
    if (text.error().number != ENOENT && text.error().number != ENOTDIR) return fail(text.error());
    if (!kernel::exists(root.directory(id))) return fail(complaint("container does not exist"));
    // Whoever made the directory was killed before there was anything to write down.
    return Container{.record = {.id = id}, .status = Status::kStopped};
  }
  Record record = TRY_IN(root.record(id), read_record(*text));
  const Status status = status_of(root, record);
  return Container{std::move(record), status};
}

Result<std::vector<std::string>> container_ids(const StateRoot& root) {
  std::vector<std::string> ids = TRY(kernel::list_directory(root.path));
  std::erase_if(ids, [&](const std::string& id) {
    const auto status = kernel::status_of(root.directory(id));
    return !is_container_id(id) || !status || !S_ISDIR(status->st_mode);
  });
  std::sort(ids.begin(), ids.end());
  return ids;
}

Error id_is_taken() { return complaint("container with given ID already exists"); }

Result<> reserve(const StateRoot& root, const std::string& id) {
  if (!is_container_id(id)) return fail(invalid_id(id));
  const std::string directory = root.directory(id);
  if (::mkdir(directory.c_str(), 0700) == 0) return {};
  if (errno == ENOENT) {
    TRY(kernel::make_directories(root.path, 0700));
    if (::mkdir(directory.c_str(), 0700) == 0) return {};
  }
  if (errno == EEXIST) return fail(id_is_taken());
  return fail(os_error("mkdir", directory));
}

Result<> write_record(const StateRoot& root, const Record& record) {
  return kernel::replace_file(root.record(record.id), to_json(record), 0600);
}

Result<Fd> listen_for_start(const StateRoot& root, const std::string& id) {
  const Fd directory = TRY(kernel::open_file(root.directory(id), O_PATH | O_DIRECTORY));
  Fd listener = TRY(new_socket());
  const sockaddr_un address = TRY(address_in(directory));
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return fail(os_error("bind", root.start_socket(id)));
  if (::listen(listener.get(), 1) != 0) return fail(os_error("listen", root.start_socket(id)));
  return listener;
}

Result<Fd> connect_to_start(const StateRoot& root, const std::string& id) {
  const Fd directory = TRY(kernel::open_file(root.directory(id), O_PATH | O_DIRECTORY));
  Fd connection = TRY(new_socket());
  const sockaddr_un address = TRY(address_in(directory));
  if (::connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return fail(os_error("connect", root.start_socket(id)));
  return connection;
}

}  // namespace caisson::runtime
