#include "engine/secrets.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "engine/containers.h"
#include "engine/events.h"
#include "engine/own_ids.h"
#include "engine/secret_grammar.h"
#include "host/probe.h"
#include "kernel/files.h"

namespace caisson::engine {

namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;
constexpr std::size_t kLargestHead = 64 << 10;
constexpr std::size_t kIdDigits = 25;

std::string directory_of(const Places& places) { return places.root + "/secrets"; }
std::string path_of(const Places& places, const std::string& name) { return directory_of(places) + "/" + name; }

// The file as it is: the line, and what follows it.
struct Stored {
  Secret secret;
  std::string content;
};

Result<Stored> load(const Places& places, const std::string& name) {
  std::string text = TRY(kernel::read_file(path_of(places, name), kLargestHead + kLargestSecret));
  const std::size_t end = text.find('\n');
  const Json json = Json::parse(text.substr(0, end), nullptr, false);
  if (end == std::string::npos || !json.is_object() || json.value("version", 0) != kVersion)
    return fail(complaint(fmt::format("secret {} is damaged, or a newer caisson's", name)));
  try {
    return Stored{.secret = {.id = json.at("id").get<std::string>(),
                             .name = name,
                             .created_ns = json.at("created").get<std::int64_t>(),
                             .labels = json.at("labels").get<std::map<std::string, std::string>>()},
                  .content = text.substr(end + 1)};
  } catch (const Json::exception&) {  // its words would have a part of the file in them
    return fail(complaint(fmt::format("secret {} is damaged", name)));
  }
}

Error no_such(const std::string& reference) { return complaint(fmt::format("no such secret: {}", reference)); }

Result<> check_in_memory(const std::string& directory) {
  struct statfs filesystem{};
  if (::statfs(directory.c_str(), &filesystem) != 0) return fail(os_error("statfs", directory));
  if (filesystem.f_type == TMPFS_MAGIC || filesystem.f_type == RAMFS_MAGIC) return {};
  return fail(
      complaint(fmt::format("{} is not in memory, where a secret has to be while a container has it", directory),
                "--runroot on a tmpfs, as /run is"));
}

Result<> write_one(const std::string& path, const SecretChoice& choice, std::string_view content) {
  TRY(kernel::remove_tree(path));
  TRY(kernel::write_new_file(path, content, 0600));
  if (::chmod(path.c_str(), choice.mode) != 0) return fail(os_error("chmod", path));
  return {};
}

// The file's owner, as the container is to see it.
Result<> give_files(const Record& record, const std::string& live_directory) {
  for (std::size_t i = 0; i < record.secrets.size(); ++i) {
    const SecretChoice& choice = record.secrets[i];
    if (choice.is_variable) continue;
    // Root's are shown with the container's owners; an ordinary user's have to have them.
    const HostFacts facts = host::probe();
    if (!facts.is_ordinary_user()) {
      const std::string path = secret_path(live_directory, i);
      if (::chown(path.c_str(), choice.uid, choice.gid) != 0) return fail(os_error("chown", path));
      if (::chmod(path.c_str(), choice.mode) != 0) return fail(os_error("chmod", path));
      continue;
    }
    const OwnIds own = own_ids(facts);
    const auto uid = host_id(by_position(record.uid_mappings, own.users), choice.uid);
    const auto gid = host_id(by_position(record.gid_mappings, own.groups), choice.gid);
    if (!uid || !gid) {
      return fail(
          complaint(fmt::format("secret {}: the container has no user {}:{}", choice.name, choice.uid, choice.gid)));
    }
    if (*uid == 0 && *gid == 0) continue;
    TRY(as_root_of(own, [&]() -> Result<> {
      const std::string path = secret_path(live_directory, i);
      if (::chown(path.c_str(), *uid, *gid) != 0) return fail(os_error("chown", path));
      if (::chmod(path.c_str(), choice.mode) != 0) return fail(os_error("chmod", path));
      return {};
    }));
  }
  return {};
}

void note_secret(const Places& places, std::string_view action, const Secret& secret) {
  note_event(places, {.type = "secret", .action = action, .id = secret.id, .attributes = {{"name", secret.name}}});
}

}  // namespace

Result<Secret> make_secret(const Places& places, const std::string& name, std::string_view content,
                           const std::map<std::string, std::string>& labels, Replace replace) {
  if (!is_secret_name(name))
    return fail(complaint(fmt::format("'{}' is not a name: [a-zA-Z0-9][a-zA-Z0-9_.-]* is", name)));
  if (content.empty() || content.size() > kLargestSecret)
    return fail(complaint(fmt::format("a secret has 1 to {} bytes", kLargestSecret)));
  Secret secret{.id = new_id().substr(0, kIdDigits), .name = name, .created_ns = now_nanoseconds(), .labels = labels};
  const Json head = {
      {"version", kVersion}, {"id", secret.id}, {"created", secret.created_ns}, {"labels", secret.labels}};
  std::string text = head.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  if (text.size() > kLargestHead) return fail(complaint("the labels are too long"));
  text += content;
  TRY(kernel::make_directories(directory_of(places), 0700));
  const std::string path = path_of(places, name);
  if (replace == Replace::kYes) {
    TRY(kernel::replace_file(path, text, 0600));
    note_secret(places, "create", secret);
    return secret;
  }
  // Without a name until it is whole: who is killed leaves nothing.
  const Fd file = TRY(kernel::open_file(directory_of(places), O_TMPFILE | O_WRONLY, 0600));
  TRY(kernel::write_all(file.get(), text, path));
  const std::string unnamed = fmt::format("/proc/self/fd/{}", file.get());
  if (::linkat(AT_FDCWD, unnamed.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0) {
    note_secret(places, "create", secret);
    return secret;
  }
  if (errno != EEXIST) return fail(os_error("linkat", path));
  return fail(complaint(fmt::format("there is a secret {} already", name), "--replace takes its place"));
}

Result<Secret> find_secret(const Places& places, const std::string& reference) {
  if (is_secret_name(reference) && kernel::exists(path_of(places, reference)))
    return TRY(load(places, reference)).secret;
  std::optional<Secret> found;
  for (Secret& secret : TRY(list_secrets(places))) {
    if (reference.empty() || !secret.id.starts_with(reference)) continue;
    if (found) return fail(complaint(fmt::format("several secrets have an id that begins with '{}'", reference)));
    found = std::move(secret);
  }
  if (!found) return fail(no_such(reference));
  return *std::move(found);
}

Result<std::string> secret_content(const Places& places, const Secret& secret) {
  return TRY(load(places, secret.name)).content;
}

Result<std::vector<Secret>> list_secrets(const Places& places) {
  std::vector<std::string> names = TRY(kernel::list_directory(directory_of(places)));
  std::sort(names.begin(), names.end());
  std::vector<Secret> secrets;
  for (const std::string& name : names) {
    if (!is_secret_name(name)) continue;
    Result<Stored> stored = load(places, name);
    if (!stored && stored.error().number == ENOENT) continue;  // it was removed at this moment
    secrets.push_back(TRY(std::move(stored)).secret);
  }
  return secrets;
}

Result<> remove_secret(const Places& places, const Secret& secret) {
  const std::string path = path_of(places, secret.name);
  if (::unlink(path.c_str()) == 0) {
    note_secret(places, "remove", secret);
    return {};
  }
  if (errno == ENOENT) return fail(no_such(secret.name));
  return fail(os_error("unlink", path));
}

std::string secret_path(const std::string& live_directory, std::size_t number) {
  return fmt::format("{}/secrets/{}", live_directory, number);
}

Result<> write_secrets(const Places& places, const Record& record) {
  const std::string live = places.live(record.id);
  const bool files = std::any_of(record.secrets.begin(), record.secrets.end(),
                                 [](const SecretChoice& choice) { return !choice.is_variable; });
  if (!files) return {};
  TRY_IN("--secret", check_in_memory(live));
  TRY(kernel::make_directories(live + "/secrets", 0700));
  for (std::size_t i = 0; i < record.secrets.size(); ++i) {
    const SecretChoice& choice = record.secrets[i];
    if (choice.is_variable) continue;
    const Secret secret = TRY_IN("--secret", find_secret(places, choice.name));
    TRY(write_one(secret_path(live, i), choice, TRY(secret_content(places, secret))));
  }
  return give_files(record, live);
}

Result<> add_secret_variables(const Places& places, const std::vector<SecretChoice>& secrets, spec::Config& config) {
  for (const SecretChoice& choice : secrets) {
    if (!choice.is_variable) continue;
    const Secret secret = TRY_IN("--secret", find_secret(places, choice.name));
    const std::string content = TRY(secret_content(places, secret));
    if (content.find('\0') != std::string::npos)
      return fail(in("--secret", complaint(fmt::format("secret {} has a NUL byte in it, which no variable can have",
                                                       choice.name))));
    std::erase_if(config.process.env, [&](const std::string& entry) { return entry.starts_with(choice.target + "="); });
    config.process.env.push_back(choice.target + "=" + content);
  }
  return {};
}

}  // namespace caisson::engine
