// The likely causes of failures: one table, one row a cause. test/unit/hints_test.cc has a case for every row, and
// fails for a row that has none.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "explain/cause.h"
#include "host/facts.h"
#include "plan/failure.h"
#include "plan/plan.h"

namespace caisson::explain {

/// One cause. It is likely if the step's kind, the call and the errno are among those listed (an empty list: any) and
/// `applies` says so (null: always).
struct HintRow {
  std::string_view name;
  std::string_view kind;  ///< as kind_name(): "Mount"; empty: any
  std::initializer_list<plan::Call> calls;
  std::initializer_list<int> errnos;
  bool (*applies)(const Cause&);
  std::string (*text)(const Cause&);  ///< what it is, and a way out
};

/// The table; the first row that fits is taken, so the particular stand before the general.
std::span<const HintRow> hint_rows();

/// The first row that fits; null if none does.
const HintRow* find_hint(const Cause& cause);

/// The text of the first row that fits; empty if none does.
std::string hint(const plan::Plan& plan, const plan::Failure& failure, const HostFacts& facts);

}  // namespace caisson::explain
