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

/// The value of a Result, or a return of its error from the enclosing function: `Fd file = TRY(open_file(path));`.
#define TRY(expression)                                                     \
  ({                                                                        \
    auto try_result = (expression);                                         \
    if (!try_result) return std::unexpected(std::move(try_result).error()); \
    ::caisson::detail::take(std::move(try_result));                         \
  })

/// The same with the option or config item that the failure belongs to.
#define TRY_IN(item, expression)                                                                 \
  ({                                                                                             \
    auto try_result = (expression);                                                              \
    if (!try_result) return std::unexpected(::caisson::in(item, std::move(try_result).error())); \
    ::caisson::detail::take(std::move(try_result));                                              \
  })
