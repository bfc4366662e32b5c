// What went wrong, as a value: the facts of one failure, from which its one line of text is made.
#pragma once

#include <string>
#include <string_view>

namespace caisson {

/// One failure. Made where it happens with the call and the operand; the layer that knows the option or the config
/// item adds that, once. `hint` is set only where a cause is likely, and says what to do.
struct Error {
  std::string call;       ///< system call or library call that failed ("openat2"); empty if no call did
  int number = 0;         ///< its errno; 0 if there was none
  std::string operand;    ///< what the call worked on; without a call, the whole complaint ("not a number: '1x'")
  std::string item = {};  ///< option or config item: "--memory", "mounts[2]"; or what was being done: "unpack FILE"
  std::string hint = {};

  /// The failure as one line without a newline: "--memory: write(/sys/fs/…/memory.limit_in_bytes): Invalid argument".
  std::string text() const;
};

/// An error of input: no call failed, `complaint` says what is wrong.
Error complaint(std::string complaint, std::string hint = {});

/// The error of the system call `call` on `operand`, with the errno of this moment.
Error os_error(std::string_view call, std::string_view operand);

/// `error` with the item it belongs to; an item that is already there is kept behind it ("a: b").
Error in(std::string_view item, Error error);

/// The words of an errno ("No such file or directory"), independent of the locale.
std::string errno_words(int number);

}  // namespace caisson
