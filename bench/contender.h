// Who is compared: a table with a row for each program that starts a container, or a process.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "deed.h"

namespace caisson::bench {

/// One row. To add a contender, or the same one with other options, add a row.
struct Contender {
  std::string_view name;
  std::string_view what;  ///< for --list
  /// A runtime of bundles. An error says why the contender is left out. Null for the others.
  Result<Runtime> (*find)(const Fixture&);
  /// Of the others: makes what the run needs below the fixture's directory.
  Result<Launch> (*prepare)(const Fixture&);
  /// Removes what that makes outside it; null if it is nothing.
  void (*clean)(const Fixture&);
};

std::span<const Contender> contenders();

/// Whether the contender takes part where nobody is named.
bool takes_part_unasked(const Contender& contender, const Work& work);

struct Prepared {
  std::shared_ptr<const Runtime> runtime;  ///< null if it is none
  std::unique_ptr<Task> task;
};

/// Makes `contender` ready for `work`. An error says why it is left out.
Result<Prepared> prepare(const Contender& contender, const Fixture& fixture, const Work& work);

}  // namespace caisson::bench
