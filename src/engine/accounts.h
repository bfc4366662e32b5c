// Users and groups of a container, from the texts of its own /etc/passwd and /etc/group (passwd(5), group(5)). Never
// the host's, never through NSS. The texts are the image's, so untrusted: a line that does not hold what it should is
// left out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace caisson::engine {

/// Who a process in the container is.
struct Account {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string name;                   ///< empty where /etc/passwd has no entry
  std::string home = "/";             ///< absolute
  std::vector<std::uint32_t> groups;  ///< supplementary, the primary first, each once
  bool operator==(const Account&) const = default;
};

/// Resolves "user|uid[:group|gid]" (empty: root) and further groups, names or numbers, as docker does:
///   - a number is always an id, and need not have an entry: its group is then 0 and its home "/";
///   - without a group of its own, the user is in its primary group and in all groups that list it;
///   - with one, it is in that group alone; `more_groups` come on top in either case;
///   - the primary group is a supplementary one too, so that dropping it gives no access (CVE-2022-36109).
/// Errors: a name without an entry, an id above 2147483647.
Result<Account> resolve_account(std::string_view user, const std::vector<std::string>& more_groups,
                                std::string_view passwd, std::string_view group);

/// A line of /etc/passwd for an account that has none there: `entry` with $USERNAME, $UID, $GID, $NAME and $HOME
/// replaced, or one that is made up. `name`: of the user; empty: the number. Errors: it is no line of that file.
Result<std::string> passwd_line(const Account& account, std::string_view name, std::string_view entry);

/// The name of a user in the text of an /etc/passwd; empty where there is none.
std::string user_name(std::string_view passwd, std::uint32_t uid);

}  // namespace caisson::engine
