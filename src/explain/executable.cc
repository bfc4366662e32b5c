#include "explain/executable.h"

#include <elf.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace caisson::explain {

namespace {

struct Machine {
  std::uint16_t number;
  std::string_view name;
  std::string_view uname;
};
constexpr std::array kMachines = {
    Machine{EM_X86_64, "x86-64", "x86_64"},
    Machine{EM_386, "32-bit x86", "i686"},
    Machine{EM_AARCH64, "64-bit ARM", "aarch64"},
    Machine{EM_ARM, "32-bit ARM", "armv7l"},
    Machine{EM_RISCV, "RISC-V", "riscv64"},
    Machine{EM_PPC64, "64-bit PowerPC", "ppc64le"},
    Machine{EM_PPC, "PowerPC", "ppc"},
    Machine{EM_S390, "S/390", "s390x"},
    Machine{EM_MIPS, "MIPS", "mips64"},
    Machine{EM_LOONGARCH, "LoongArch", "loongarch64"},
    Machine{EM_SPARCV9, "SPARC", "sparc64"},
};

// A little- or big-endian number of `size` bytes at `offset`; nothing outside the text.
class Bytes {
 public:
  Bytes(std::string_view text, bool big_endian) : text_(text), big_endian_(big_endian) {}
  std::optional<std::uint64_t> number(std::uint64_t offset, std::size_t size) const {
    if (offset > text_.size() || text_.size() - offset < size) return std::nullopt;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t at = static_cast<std::size_t>(offset) + (big_endian_ ? i : size - 1 - i);
      value = value << 8 | static_cast<unsigned char>(text_[at]);
    }
    return value;
  }

 private:
  std::string_view text_;
  bool big_endian_;
};

// Where the fields lie that are needed (elf(5)).
struct Layout {
  std::uint64_t phoff, phentsize, phnum, p_offset, p_filesz;
  std::size_t word;  // the size of an address
};
constexpr Layout kElf32 = {offsetof(Elf32_Ehdr, e_phoff),  offsetof(Elf32_Ehdr, e_phentsize),
                           offsetof(Elf32_Ehdr, e_phnum),  offsetof(Elf32_Phdr, p_offset),
                           offsetof(Elf32_Phdr, p_filesz), 4};
constexpr Layout kElf64 = {offsetof(Elf64_Ehdr, e_phoff),  offsetof(Elf64_Ehdr, e_phentsize),
                           offsetof(Elf64_Ehdr, e_phnum),  offsetof(Elf64_Phdr, p_offset),
                           offsetof(Elf64_Phdr, p_filesz), 8};

// The interpreter that PT_INTERP names; empty if there is none, nothing if a header lies outside of what was read.
std::optional<std::string> elf_interpreter(std::string_view head, const Bytes& bytes, const Layout& layout) {
  const auto phoff = bytes.number(layout.phoff, layout.word);
  const auto phentsize = bytes.number(layout.phentsize, 2);
  const auto phnum = bytes.number(layout.phnum, 2);
  if (!phoff || !phentsize || !phnum || *phoff > head.size()) return std::nullopt;
  for (std::uint64_t i = 0; i < *phnum; ++i) {
    const std::uint64_t header = *phoff + i * *phentsize;  // cannot wrap: three small numbers
    const auto type = bytes.number(header, 4);
    if (!type) return std::nullopt;
    if (*type != PT_INTERP) continue;
    const auto offset = bytes.number(header + layout.p_offset, layout.word);
    const auto size = bytes.number(header + layout.p_filesz, layout.word);
    if (!offset || !size || *offset > head.size() || *size > head.size() - *offset) return std::nullopt;
    const std::string_view path = head.substr(*offset, *size);
    return std::string(path.substr(0, path.find('\0')));
  }
  return std::string();
}

Header read_elf(std::string_view head) {
  Header header{.kind = Header::Kind::kElf};
  const bool big_endian = head.size() > EI_DATA && head[EI_DATA] == ELFDATA2MSB;
  const bool is_32 = head.size() > EI_CLASS && head[EI_CLASS] == ELFCLASS32;
  const Bytes bytes(head, big_endian);
  const auto machine = bytes.number(offsetof(Elf64_Ehdr, e_machine), 2);
  const auto interpreter = elf_interpreter(head, bytes, is_32 ? kElf32 : kElf64);
  header.machine = static_cast<std::uint16_t>(machine.value_or(0));
  header.interpreter = interpreter.value_or("");
  header.cut_off = !machine || !interpreter;
  return header;
}

// As the kernel's fs/binfmt_script.c reads the line: blanks around, one argument.
Header read_script(std::string_view head) {
  Header header{.kind = Header::Kind::kScript};
  std::string_view line =
      head.substr(2, head.find('\n') == std::string_view::npos ? std::string_view::npos : head.find('\n') - 2);
  header.carriage_return = line.ends_with('\r');
  constexpr std::string_view kBlanks = " \t";
  while (!line.empty() && kBlanks.find(line.back()) != std::string_view::npos) line.remove_suffix(1);
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  const std::size_t end = std::min(line.find_first_of(std::string_view(" \t\0", 3)), line.size());
  header.interpreter = line.substr(0, end);
  line.remove_prefix(end);
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  header.argument = line;
  return header;
}

bool looks_like_text(std::string_view head) {
  return !head.empty() && std::none_of(head.begin(), head.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' && c != '\r' && c != '\f' && c != '\x1b';
  });
}

// Whether the mode lets this user execute it (path_resolution(7)).
bool may_execute(const ExecutableFacts& file, const Identity& who) {
  if (who.ignores_modes) return (file.mode & 0111U) != 0;
  if (who.uid == file.uid) return (file.mode & S_IXUSR) != 0;
  const bool in_group =
      who.gid == file.gid || std::find(who.groups.begin(), who.groups.end(), file.gid) != who.groups.end();
  return (file.mode & (in_group ? S_IXGRP : S_IXOTH)) != 0;
}

// Bytes of an image in a message for a terminal: what is not printable is shown as in C.
std::string printable(std::string_view text) {
  std::string shown;
  for (const char c : text) {
    if (c == '\r') {
      shown += "\\r";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      shown += c;
    }
  }
  return shown;
}

// A program of another kind of C library is the usual reason that a loader is not there.
std::string loader_remark(std::string_view loader) {
  if (loader.find("ld-musl") != std::string_view::npos) return "it was built for musl (Alpine)";
  if (loader.find("ld-linux") != std::string_view::npos || loader.find("/ld64.so") != std::string_view::npos) {
    return "it was built for glibc (Debian, Fedora)";
  }
  return "it was built for another system";
}

std::string explain_missing(const ExecutableFacts& file, const Header& header) {
  if (!file.exists) {
    return file.path.find('/') == std::string::npos
               ? fmt::format("the container has no command {}: see PATH in its environment, or install it in the image",
                             printable(file.path))
               : fmt::format("the container has no file {}", printable(file.path));
  }
  if (header.kind == Header::Kind::kScript) {
    if (header.carriage_return) {
      return fmt::format(
          "its first line ends in CR LF, so the kernel looks for '{}': save it with LF line ends (sed -i 's/\\r$//')",
          printable(header.argument.empty() ? header.interpreter : header.interpreter + " " + header.argument));
    }
    return fmt::format("{} exists, but its first line asks for {}, which does not", printable(file.path),
                       printable(header.interpreter));
  }
  if (header.kind == Header::Kind::kElf && !header.interpreter.empty()) {
    return fmt::format(
        "{} exists, but the loader it asks for, {}, does not: {}; link it statically, or take an image that has the "
        "loader",
        printable(file.path), printable(header.interpreter), loader_remark(header.interpreter));
  }
  return {};
}

std::string explain_refused(const ExecutableFacts& file, const Header& header, const Identity& who) {
  if (S_ISDIR(file.mode)) return fmt::format("{} is a directory", printable(file.path));
  if (file.exists && !S_ISREG(file.mode)) return fmt::format("{} is not a regular file", printable(file.path));
  if (file.noexec_mount) return fmt::format("{} lies on a mount with noexec: mount it with exec", printable(file.path));
  if (file.exists && !may_execute(file, who)) {
    return (file.mode & 0111U) == 0
               ? fmt::format("{} has no x bit (mode {:04o}): chmod +x", printable(file.path), file.mode & 07777U)
               : fmt::format("user {} may not execute {} (mode {:04o}, owner {}:{})", who.uid, printable(file.path),
                             file.mode & 07777U, file.uid, file.gid);
  }
  if (header.kind == Header::Kind::kScript) {
    return fmt::format("its interpreter {} may not be executed, or lies on a mount with noexec",
                       printable(header.interpreter));
  }
  return file.exists ? fmt::format("a directory above {} may not be entered by user {}", printable(file.path), who.uid)
                     : std::string();
}

std::string explain_format(const ExecutableFacts& file, const Header& header, std::string_view host_machine) {
  if (file.head.empty()) return fmt::format("{} is empty", printable(file.path));
  if (header.kind == Header::Kind::kElf) {
    if (header.machine != 0 && header.machine != machine_number(host_machine)) {
      return fmt::format(
          "{} is a program for {}, and this host is {}: take an image of its own architecture (--platform)",
          printable(file.path), machine_name(header.machine), machine_name(machine_number(host_machine)));
    }
    return fmt::format("{} is damaged: {}", printable(file.path),
                       header.cut_off ? "it has been cut off" : "the kernel does not take its headers");
  }
  if (header.kind == Header::Kind::kScript)
    return fmt::format("the interpreter of {}, {}, cannot be executed itself", printable(file.path),
                       printable(header.interpreter));
  if (looks_like_text(file.head)) {
    return fmt::format(
        "{} is text without a first line that names its interpreter: begin it with #!/bin/sh, or run sh {}",
        printable(file.path), printable(file.path));
  }
  return fmt::format("{} is neither an ELF program nor a script", printable(file.path));
}

}  // namespace

Header read_header(std::string_view head) {
  if (head.starts_with(std::string_view(ELFMAG, SELFMAG))) return read_elf(head);
  if (head.starts_with("#!")) return read_script(head);
  return {};
}

std::string executable_needs(std::string_view head) { return read_header(head).interpreter; }

std::string machine_name(std::uint16_t machine) {
  const auto* found =
      std::find_if(kMachines.begin(), kMachines.end(), [&](const Machine& m) { return m.number == machine; });
  return found == kMachines.end() ? fmt::format("machine {}", machine) : std::string(found->name);
}

std::uint16_t machine_number(std::string_view uname_machine) {
  const auto* found =
      std::find_if(kMachines.begin(), kMachines.end(), [&](const Machine& m) { return m.uname == uname_machine; });
  return found == kMachines.end() ? 0 : found->number;
}

std::string diagnose(const ExecutableFacts& facts, int error, const Identity& identity, std::string_view host_machine) {
  const Header header = read_header(facts.head);
  switch (error) {
    case ENOENT:
      if (facts.exists && facts.interpreter_exists.value_or(false)) return {};
      return explain_missing(facts, header);
    case ENOTDIR: return fmt::format("something above {} is a file, not a directory", printable(facts.path));
    case EACCES:
    case EPERM: return explain_refused(facts, header, identity);
    case EISDIR: return fmt::format("{} is a directory", printable(facts.path));
    case ENOEXEC: return explain_format(facts, header, host_machine);
    case ELIBBAD:
      return fmt::format("the loader of {}, {}, is not one", printable(facts.path), printable(header.interpreter));
    case E2BIG:
      return "arguments and environment together are too long: at most a quarter of the stack limit (ulimit -s), and "
             "128 KiB each";
    case ETXTBSY:
      return fmt::format("{} is open for writing somewhere: wait until its writer has closed it",
                         printable(facts.path));
    case ELOOP:
      return fmt::format("symbolic links at {} lead in a circle, or scripts interpret scripts more than five deep",
                         printable(facts.path));
    case ENOMEM: return "there is not enough memory within the container's limit to load it: --memory";
    default: return {};
  }
}

}  // namespace caisson::explain
