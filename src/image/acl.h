// POSIX access control lists: the text that archives hold, and the attribute that the kernel takes and gives.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace caisson::image {

inline constexpr const char* kAccessAclAttribute = "system.posix_acl_access";
inline constexpr const char* kDefaultAclAttribute = "system.posix_acl_default";

/// The value of the attribute (linux/posix_acl_xattr.h) for an ACL in acl(5)'s short or long text form: entries
/// separated by commas or newlines, "user:1000:rw-" or star's "user:name:rw-:1000". Ids must be there as numbers, since
/// a name means nothing outside the archive. Nothing if the text is not one.
std::optional<std::string> acl_attribute(std::string_view text);

/// The text of such an attribute, a line for each entry in short form with ids as numbers. Nothing if it is not one.
std::optional<std::string> acl_text(std::string_view attribute);

}  // namespace caisson::image
