// What a container has changed of the layers that it was made from.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "changes/container_tree.h"

namespace caisson::changes {

enum class ChangeKind : char { kAdded = 'A', kChanged = 'C', kDeleted = 'D' };

/// Tells of each change, sorted by name in each directory, what is in a directory right behind it; paths begin with a
/// slash. A directory is changed where something in it is, and where its own mode, owner or attributes are; a file that
/// was touched, but is as it was, is not. Of what is deleted, the top is told alone. Errors: those of reading, and
/// those of `tell`. What goes away meanwhile is passed over.
using TellChange = std::function<Result<>(ChangeKind kind, const std::string& path)>;
Result<> list_changes(const ContainerTree& tree, const TellChange& tell);

}  // namespace caisson::changes
