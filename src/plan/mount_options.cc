#include "plan/mount_options.h"

#include <linux/mount.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace caisson::plan {

namespace {

// mount(2)'s propagation bits; <sys/mount.h> would bring the calls with it, which a pure room does not have.
constexpr std::uint64_t kRecursive = 1U << 14;
constexpr std::uint64_t kUnbindable = 1U << 17;
constexpr std::uint64_t kPrivate = 1U << 18;
constexpr std::uint64_t kSlave = 1U << 19;
constexpr std::uint64_t kShared = 1U << 20;

struct Propagation {
  std::string_view word;
  std::uint64_t flags;
};
constexpr std::array kPropagations = {
    Propagation{"private", kPrivate},       Propagation{"rprivate", kPrivate | kRecursive},
    Propagation{"slave", kSlave},           Propagation{"rslave", kSlave | kRecursive},
    Propagation{"shared", kShared},         Propagation{"rshared", kShared | kRecursive},
    Propagation{"unbindable", kUnbindable}, Propagation{"runbindable", kUnbindable | kRecursive},
};

// An access-time word sets one value of a field, so it takes the whole field off first.
struct Attribute {
  std::string_view word;
  std::uint64_t set;
  std::uint64_t clear;
};
constexpr std::array kAttributes = {
    Attribute{"ro", MOUNT_ATTR_RDONLY, 0},
    Attribute{"rw", 0, MOUNT_ATTR_RDONLY},
    Attribute{"nosuid", MOUNT_ATTR_NOSUID, 0},
    Attribute{"suid", 0, MOUNT_ATTR_NOSUID},
    Attribute{"nodev", MOUNT_ATTR_NODEV, 0},
    Attribute{"dev", 0, MOUNT_ATTR_NODEV},
    Attribute{"noexec", MOUNT_ATTR_NOEXEC, 0},
    Attribute{"exec", 0, MOUNT_ATTR_NOEXEC},
    Attribute{"nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0},
    Attribute{"symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW},
    Attribute{"nodiratime", MOUNT_ATTR_NODIRATIME, 0},
    Attribute{"diratime", 0, MOUNT_ATTR_NODIRATIME},
    Attribute{"noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME},
    Attribute{"atime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
    Attribute{"relatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
    Attribute{"norelatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
    Attribute{"strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME},
    Attribute{"nostrictatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
};

const Attribute* find_attribute(std::string_view word) {
  const auto found =
      std::find_if(kAttributes.begin(), kAttributes.end(), [&](const Attribute& a) { return a.word == word; });
  return found == kAttributes.end() ? nullptr : &*found;
}

void apply(const Attribute& attribute, std::uint64_t& set, std::uint64_t& clear) {
  set = (set & ~attribute.clear) | attribute.set;
  clear = (clear & ~attribute.set) | attribute.clear;
}

// Flags of mount(2) for a whole file system. The new calls take most of them as its options; a bind mount takes none,
// and mount(2) lets them pass without a word (do_reconfigure_mnt()).
bool is_without_effect(std::string_view word, bool is_bind) {
  constexpr std::array<std::string_view, 2> kNever = {"silent", "loud"};
  constexpr std::array<std::string_view, 11> kOfFilesystems = {
      "sync", "async", "dirsync", "lazytime", "mand", "nomand", "nolazytime", "iversion", "noiversion", "acl", "noacl"};
  const auto is_among = [word](const auto& list) { return std::find(list.begin(), list.end(), word) != list.end(); };
  return is_among(kNever) || (is_bind && is_among(kOfFilesystems));
}

}  // namespace

std::uint64_t propagation_flags(std::string_view word) {
  const auto found =
      std::find_if(kPropagations.begin(), kPropagations.end(), [&](const Propagation& p) { return p.word == word; });
  return found == kPropagations.end() ? 0 : found->flags;
}

std::string propagation_word(std::uint64_t flags) {
  const auto found =
      std::find_if(kPropagations.begin(), kPropagations.end(), [&](const Propagation& p) { return p.flags == flags; });
  return found == kPropagations.end() ? std::string() : std::string(found->word);
}

MountOptions read_mount_options(const std::vector<std::string>& words) {
  MountOptions options;
  for (const std::string& word : words) {
    if (word.empty() || word == "defaults") continue;  // buildah writes empty ones
    if (word == "bind" || word == "rbind") {
      options.bind = true;
      options.recursive_bind = word == "rbind";
    } else if (word == "tmpcopyup" || word == "copyup") {
      options.copy_up = true;
      options.copy_up_to_bind = word == "copyup";
    } else if (word == "idmap" || word == "ridmap") {
      options.idmap = true;
      options.recursive_idmap = word == "ridmap";
    } else if (word.starts_with("idmap=") || word.starts_with("ridmap=")) {
      options.idmap = true;
      options.recursive_idmap = word.front() == 'r';
      options.id_maps = word.substr(word.find('=') + 1);
    } else if (word.starts_with("subpath=")) {
      options.subpath = word.substr(word.find('=') + 1);
    } else if (word == "copy-symlink") {
      options.copy_link = options.no_follow_source = true;
    } else if (word == "src-nofollow") {
      options.no_follow_source = true;
    } else if (word == "dest-nofollow") {
      options.no_follow_target = true;
    } else if (const std::uint64_t flags = propagation_flags(word); flags != 0) {
      options.propagation = flags;
    } else if (const Attribute* attribute = find_attribute(word)) {
      apply(*attribute, options.set, options.clear);
    } else if (const Attribute* recursive =
                   word.starts_with('r') ? find_attribute(std::string_view(word).substr(1)) : nullptr) {
      apply(*recursive, options.recursive_set, options.recursive_clear);
    } else {
      options.data.push_back(word);
    }
  }
  std::erase_if(options.data, [&](const std::string& word) { return is_without_effect(word, options.bind); });
  return options;
}

std::vector<std::string> mount_option_words() {
  std::vector<std::string> words = {"defaults", "bind",   "rbind",        "tmpcopyup",    "copyup",
                                    "idmap",    "ridmap", "copy-symlink", "src-nofollow", "dest-nofollow"};
  for (const Propagation& propagation : kPropagations) words.emplace_back(propagation.word);
  for (const Attribute& attribute : kAttributes) {
    words.emplace_back(attribute.word);
    words.push_back("r" + std::string(attribute.word));
  }
  std::sort(words.begin(), words.end());
  return words;
}

}  // namespace caisson::plan
