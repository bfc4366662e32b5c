// Why a program could not be executed: from what is known about its file to one sentence. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace caisson::explain {

/// What somebody who can look into the container's root has found out about a program's file.
struct ExecutableFacts {
  std::string path;  ///< as it was executed: "/usr/bin/foo", or the bare command that was not found
  bool exists = false;
  std::uint32_t mode = 0;  ///< st_mode, with the type's bits
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  bool noexec_mount = false;  ///< it lies on a mount with noexec
  std::string head;           ///< its first bytes; 4096 are enough for any header
  /// Whether what executable_needs() names exists; nothing if nobody looked.
  std::optional<bool> interpreter_exists;
};

/// Who executes it.
struct Identity {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups;
  bool ignores_modes = false;  ///< CAP_DAC_OVERRIDE: any x bit will do
};

/// The kinds of file that execve(2) tells apart by the first bytes.
struct Header {
  enum class Kind { kElf, kScript, kOther } kind = Kind::kOther;
  std::string interpreter;       ///< of a script, or PT_INTERP of an ELF file; empty if it needs none (static)
  std::string argument;          ///< of a script's interpreter
  std::uint16_t machine = 0;     ///< e_machine of an ELF file
  bool carriage_return = false;  ///< a script's first line ends in CR LF
  bool cut_off = false;          ///< an ELF file whose headers lie outside itself or outside `head`
};

/// Reads the first bytes of a file. Takes any bytes whatever (the file is the image's).
Header read_header(std::string_view head);

/// The file that the kernel needs besides `head`'s own: "/bin/sh", "/lib64/ld-linux-x86-64.so.2"; empty if none.
std::string executable_needs(std::string_view head);

/// "x86-64" of EM_X86_64; "machine 4711" of one without a name.
std::string machine_name(std::uint16_t machine);

/// The e_machine of this host's uname machine ("x86_64"), 0 if it is not known.
std::uint16_t machine_number(std::string_view uname_machine);

/// Why execve(2) gave `error` for this file, and a way out; empty if nothing is likely.
std::string diagnose(const ExecutableFacts& facts, int error, const Identity& identity, std::string_view host_machine);

}  // namespace caisson::explain
