// Result<T>: a value or an Error. The only failure type of the project.
#pragma once

#include <expected>
#include <type_traits>
#include <utility>

#include "base/error.h"

namespace caisson {

template <class T = void>
using Result = std::expected<T, Error>;

/// Shorthand for a failing return: `return fail(os_error("open", path));`.
inline std::unexpected<Error> fail(Error error) { return std::unexpected(std::move(error)); }

namespace detail {
template <class T>
T take(Result<T>&& result) {
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}
}  // namespace detail

}  // namespace caisson

// Each use has a variable of its own, so that one TRY may stand inside another.
#define CAISSON_JOIN_(a, b) a##b
#define CAISSON_JOIN(a, b) CAISSON_JOIN_(a, b)
#define CAISSON_TRY(result, expression, error)  \
  ({                                            \
    auto result = (expression);                 \
    if (!result) return std::unexpected(error); \
    ::caisson::detail::take(std::move(result)); \
  })
#define CAISSON_TRY_PLAIN(result, expression) CAISSON_TRY(result, expression, std::move(result).error())
#define CAISSON_TRY_IN(result, item, expression) \
  CAISSON_TRY(result, expression, ::caisson::in(item, std::move(result).error()))

/// The value of a Result, or a return of its error from the enclosing function: `Fd file = TRY(open_file(path));`.
#define TRY(expression) CAISSON_TRY_PLAIN(CAISSON_JOIN(try_result_, __COUNTER__), expression)

/// The same with the option or config item that the failure belongs to.
#define TRY_IN(item, expression) CAISSON_TRY_IN(CAISSON_JOIN(try_result_, __COUNTER__), item, expression)
