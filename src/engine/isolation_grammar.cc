#include "engine/isolation_grammar.h"

#include <fmt/format.h>

#include "base/text.h"
#include "engine/value_grammar.h"
#include "spec/capability.h"

namespace caisson::engine {

namespace {

// "host", "container:NAME", "ns:PATH": what every kind of namespace knows. Nothing for other words.
Result<std::optional<NamespaceChoice>> read_common(std::string_view text) {
  if (text == "host") return NamespaceChoice{NamespaceKind::kHost, {}};
  if (text.starts_with("container:")) {
    const std::string_view name = text.substr(10);
    if (name.empty()) return fail(complaint("container: needs the name of a container"));
    return NamespaceChoice{NamespaceKind::kContainer, std::string(name)};
  }
  if (text.starts_with("ns:")) {
    if (!text.substr(3).starts_with('/')) return fail(complaint("ns: needs the absolute path of a namespace file"));
    return NamespaceChoice{NamespaceKind::kPath, std::string(text.substr(3))};
  }
  return std::nullopt;
}

Error no_such_namespace(std::string_view text, std::string_view known) {
  return complaint(fmt::format("no such namespace: '{}'", text), fmt::format("there are {}", known));
}

Result<> add_paths(std::string_view text, std::vector<std::string>& paths) {
  for (const std::string_view path : split(text, ':')) {
    if (!path.starts_with('/')) return fail(complaint(fmt::format("'{}' is not an absolute path", path)));
    paths.emplace_back(path.size() > 1 && path.ends_with('/') ? path.substr(0, path.size() - 1) : path);
  }
  return {};
}

struct SecurityWord {
  std::string_view key;
  std::string_view value;
};

Result<> read_module(SecurityWord word, SecurityChoice& choice) {
  if (word.key == "seccomp") {
    // The last one counts. docker calls the default profile builtin.
    choice.seccomp_unconfined = word.value == "unconfined";
    choice.seccomp_profile = choice.seccomp_unconfined || word.value == "builtin" ? "" : word.value;
  } else if (word.key == "apparmor") {
    if (word.value != "unconfined") {
      return fail(complaint(fmt::format("apparmor={}: profiles are not there yet", word.value),
                            "apparmor=unconfined is understood"));
    }
    choice.apparmor_unconfined = true;
  } else {
    if (word.value != "disable") {
      return fail(complaint(fmt::format("label={}: SELinux labels are not there yet", word.value),
                            "label=disable is understood"));
    }
    choice.label_disabled = true;
  }
  return {};
}

constexpr std::int64_t kHighestId = UINT32_MAX - 1;  // the last number is no id (setresuid(2))

// "uid=7,gid=8" of keep-id, "size=1024" of auto.
Result<> read_user_namespace_keys(std::string_view text, bool keep, UserNamespaceChoice& choice) {
  for (const std::string_view entry : split(text, ',')) {
    const Cut parts = cut(entry, '=');
    std::optional<std::uint32_t>* place = nullptr;
    if (keep && parts.head == "uid") place = &choice.uid;
    if (keep && parts.head == "gid") place = &choice.gid;
    if (!keep && parts.head == "size") place = &choice.size;
    if (place == nullptr || !parts.tail) {
      return fail(complaint(fmt::format("'{}' is not understood", entry),
                            keep ? "keep-id has uid=N and gid=N" : "auto has size=N"));
    }
    *place = static_cast<std::uint32_t>(TRY(read_number(*parts.tail, keep ? 0 : 1, kHighestId)));
  }
  return {};
}

Error unknown_security(std::string_view key) {
  const auto near =
      nearest(key, {"no-new-privileges", "seccomp", "apparmor", "label", "mask", "unmask", "systempaths"});
  return complaint(fmt::format("no such security option: '{}'", key),
                   near ? fmt::format("did you mean '{}'?", *near) : std::string());
}

}  // namespace

bool is_network_word(std::string_view text) {
  return text == "none" || text == "private" || text == "host" || text.starts_with("container:") ||
         text.starts_with("ns:");
}

Result<NamespaceChoice> read_network(std::string_view text) {
  if (text == "none") return NamespaceChoice{NamespaceKind::kNone, {}};
  if (text == "private") return NamespaceChoice{};
  if (auto choice = TRY(read_common(text))) return std::move(*choice);
  return fail(no_such_namespace(text, "none, host, private, container:NAME and ns:PATH"));
}

Result<NamespaceChoice> read_namespace(std::string_view text) {
  if (text == "private") return NamespaceChoice{};
  if (auto choice = TRY(read_common(text))) return std::move(*choice);
  return fail(no_such_namespace(text, "private (the default), host, container:NAME and ns:PATH"));
}

Result<NamespaceChoice> read_ipc(std::string_view text) {
  if (text == "private") return NamespaceChoice{};
  if (text == "shareable") return NamespaceChoice{NamespaceKind::kShareable, {}};
  if (text == "none") return NamespaceChoice{NamespaceKind::kNone, {}};
  if (auto choice = TRY(read_common(text))) return std::move(*choice);
  return fail(no_such_namespace(text, "shareable (the default), private, none, host, container:NAME and ns:PATH"));
}

Result<UserNamespaceChoice> read_user_namespace(std::string_view text) {
  const Cut word = cut(text, ':');
  if (word.head == "keep-id" || word.head == "auto") {
    const bool keep = word.head == "keep-id";
    UserNamespaceChoice choice{.kind = keep ? UserNamespaceKind::kKeepId : UserNamespaceKind::kAuto, .target = {}};
    if (word.tail) TRY(read_user_namespace_keys(*word.tail, keep, choice));
    return choice;
  }
  const auto common = TRY(read_common(text));
  if (!common) {
    return fail(complaint(fmt::format("no such user namespace: '{}'", text),
                          "there are host, keep-id[:uid=N,gid=N], auto[:size=N], container:NAME and ns:PATH"));
  }
  if (common->kind == NamespaceKind::kHost) return UserNamespaceChoice{.kind = UserNamespaceKind::kHost, .target = {}};
  const bool container = common->kind == NamespaceKind::kContainer;
  return UserNamespaceChoice{.kind = container ? UserNamespaceKind::kContainer : UserNamespaceKind::kPath,
                             .target = common->target};
}

Result<IdMapping> read_id_mapping(std::string_view text) {
  const std::vector<std::string_view> fields = split(text, ':');
  if (fields.size() != 2 && fields.size() != 3)
    return fail(complaint(fmt::format("'{}' is no mapping", text), "CONTAINER:HOST[:SIZE] is, as in 0:100000:65536"));
  IdMapping mapping{.size = 1};
  mapping.container_id = static_cast<std::uint32_t>(TRY(read_number(fields[0], 0, kHighestId)));
  mapping.host_id = static_cast<std::uint32_t>(TRY(read_number(fields[1], 0, kHighestId)));
  if (fields.size() == 3) mapping.size = static_cast<std::uint32_t>(TRY(read_number(fields[2], 1, kHighestId)));
  if (std::int64_t{mapping.container_id} + mapping.size > kHighestId + 1 ||
      std::int64_t{mapping.host_id} + mapping.size > kHighestId + 1)
    return fail(complaint(fmt::format("'{}' goes beyond the highest id, {}", text, kHighestId)));
  return mapping;
}

Result<> read_capability(std::string_view text, CapabilityChoice& choice) {
  if (text == "ALL" || text == "all" || text == "All") {
    choice.all = true;
    return {};
  }
  const std::optional<int> number = spec::capability_number(text);
  if (!number) {
    std::string upper(text);
    for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    if (!upper.starts_with("CAP_")) upper.insert(0, "CAP_");
    const auto near = nearest(upper, spec::known_capabilities());
    return fail(complaint(fmt::format("no such capability: '{}'", text),
                          near ? fmt::format("did you mean {}?", near->substr(4)) : std::string()));
  }
  choice.mask |= spec::capability_bit(*number);
  return {};
}

Result<> read_security(std::string_view text, SecurityChoice& choice) {
  const std::size_t at = text.find_first_of("=:");
  const SecurityWord word{text.substr(0, at), at == std::string_view::npos ? std::string_view() : text.substr(at + 1)};
  if (word.key == "no-new-privileges") {
    choice.no_new_privileges = at == std::string_view::npos || TRY(read_flag(word.value));
    return {};
  }
  if (at != std::string_view::npos && word.value.empty())
    return fail(complaint(fmt::format("'{}' needs a value", word.key)));
  if (word.key == "seccomp" || word.key == "apparmor" || word.key == "label") {
    if (at == std::string_view::npos) return fail(complaint(fmt::format("'{}' needs a value", word.key)));
    return read_module(word, choice);
  }
  if (word.key == "mask" && !word.value.empty()) return add_paths(word.value, choice.masked);
  if (word.key == "unmask" && !word.value.empty()) {
    if (word.value != "ALL" && word.value != "all") return add_paths(word.value, choice.unmasked);
    choice.unmask_all = true;
    return {};
  }
  if (word.key == "systempaths" && word.value == "unconfined") {
    choice.unmask_all = true;
    return {};
  }
  return fail(unknown_security(word.key));
}

}  // namespace caisson::engine
