// The doctor of programs that could not be executed: what is read from a file's first bytes, and what is concluded.
#include "explain/executable.h"

#include <elf.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <random>

namespace caisson::explain {
namespace {

constexpr std::uint32_t kFile = S_IFREG;

// A 64-bit ELF file for `machine` with a PT_INTERP of `loader`, if one is given, behind a PT_LOAD.
std::string elf64(std::uint16_t machine, const std::string& loader) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_machine = machine;
  header.e_phoff = sizeof header;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = loader.empty() ? 1 : 2;
  Elf64_Phdr load{};
  load.p_type = PT_LOAD;
  Elf64_Phdr interp{};
  interp.p_type = PT_INTERP;
  interp.p_offset = sizeof header + 2 * sizeof(Elf64_Phdr);
  interp.p_filesz = loader.size() + 1;
  std::string file(reinterpret_cast<const char*>(&header), sizeof header);
  file.append(reinterpret_cast<const char*>(&load), sizeof load);
  file.append(reinterpret_cast<const char*>(&interp), sizeof interp);
  return file + loader + '\0';
}

// A big-endian 32-bit one (MIPS, PowerPC).
std::string elf32_big_endian(std::uint8_t machine, const std::string& loader) {
  std::string file(84, '\0');
  std::memcpy(file.data(), ELFMAG, SELFMAG);
  file[EI_CLASS] = ELFCLASS32;
  file[EI_DATA] = ELFDATA2MSB;
  file[19] = static_cast<char>(machine);
  file[31] = 52;  // e_phoff
  file[43] = 32;  // e_phentsize
  file[45] = 1;   // e_phnum
  file[55] = PT_INTERP;
  file[59] = 84;  // p_offset
  file[71] = static_cast<char>(loader.size() + 1);
  return file + loader + '\0';
}

struct HeaderCase {
  std::string name;
  std::string head;
  Header::Kind kind;
  std::string interpreter;
  std::string argument = {};
  std::uint16_t machine = 0;
  bool carriage_return = false;
  bool cut_off = false;
};
void PrintTo(const HeaderCase& c, std::ostream* out) { *out << c.name; }

class HeaderTest : public testing::TestWithParam<HeaderCase> {};

TEST_P(HeaderTest, IsRead) {
  const Header header = read_header(GetParam().head);
  EXPECT_EQ(header.kind, GetParam().kind);
  EXPECT_EQ(header.interpreter, GetParam().interpreter);
  EXPECT_EQ(header.argument, GetParam().argument);
  EXPECT_EQ(header.machine, GetParam().machine);
  EXPECT_EQ(header.carriage_return, GetParam().carriage_return);
  EXPECT_EQ(header.cut_off, GetParam().cut_off);
}

std::string with(std::string file, std::size_t at, char value) {
  file[at] = value;
  return file;
}

const std::vector<HeaderCase> kHeaders = {
    {"Empty", "", Header::Kind::kOther, ""},
    {"Text", "echo hello\n", Header::Kind::kOther, ""},
    {"Script", "#!/bin/sh\necho\n", Header::Kind::kScript, "/bin/sh"},
    {"ScriptWithoutNewline", "#!/bin/sh", Header::Kind::kScript, "/bin/sh"},
    {"ScriptWithBlanks", "#! \t/bin/sh \t-e  -x \n", Header::Kind::kScript, "/bin/sh", "-e  -x"},
    {"ScriptOfEnv", "#!/usr/bin/env python3\n", Header::Kind::kScript, "/usr/bin/env", "python3"},
    {"ScriptWithCarriageReturn", "#!/bin/sh\r\necho\r\n", Header::Kind::kScript, "/bin/sh\r", "", 0, true},
    {"ScriptOfEnvWithCarriageReturn", "#!/usr/bin/env sh\r\n", Header::Kind::kScript, "/usr/bin/env", "sh\r", 0, true},
    {"ScriptOfNothing", "#!\n", Header::Kind::kScript, ""},
    {"ScriptOfNothingAtAll", "#!", Header::Kind::kScript, ""},
    {"Dynamic", elf64(EM_X86_64, "/lib64/ld-linux-x86-64.so.2"), Header::Kind::kElf, "/lib64/ld-linux-x86-64.so.2", "",
     EM_X86_64},
    {"Static", elf64(EM_AARCH64, ""), Header::Kind::kElf, "", "", EM_AARCH64},
    {"BigEndian", elf32_big_endian(EM_MIPS, "/lib/ld.so.1"), Header::Kind::kElf, "/lib/ld.so.1", "", EM_MIPS},
    {"OnlyTheMagic", std::string(ELFMAG), Header::Kind::kElf, "", "", 0, false, true},
    {"CutWithinTheHeader", elf64(EM_X86_64, "/l").substr(0, 30), Header::Kind::kElf, "", "", EM_X86_64, false, true},
    {"CutWithinTheTable", elf64(EM_X86_64, "/l").substr(0, 130), Header::Kind::kElf, "", "", EM_X86_64, false, true},
    {"CutWithinTheLoader", elf64(EM_X86_64, "/lib/ld.so").substr(0, 180), Header::Kind::kElf, "", "", EM_X86_64, false,
     true},
    {"TableFarAway", with(elf64(EM_X86_64, "/l"), 39, '\x7f'), Header::Kind::kElf, "", "", EM_X86_64, false, true},
    {"LoaderFarAway", with(elf64(EM_X86_64, "/l"), 64 + 56 + 15, '\xff'), Header::Kind::kElf, "", "", EM_X86_64, false,
     true},
    {"LoaderEndless", with(elf64(EM_X86_64, "/l"), 64 + 56 + 39, '\xff'), Header::Kind::kElf, "", "", EM_X86_64, false,
     true},
};
INSTANTIATE_TEST_SUITE_P(Files, HeaderTest, testing::ValuesIn(kHeaders),
                         [](const auto& one) { return one.param.name; });

struct DiagnosisCase {
  std::string name;
  ExecutableFacts facts;
  int error;
  std::string text;
  Identity identity = {};
};
void PrintTo(const DiagnosisCase& c, std::ostream* out) { *out << c.name; }

class DiagnosisTest : public testing::TestWithParam<DiagnosisCase> {};

TEST_P(DiagnosisTest, NamesTheCause) {
  EXPECT_EQ(diagnose(GetParam().facts, GetParam().error, GetParam().identity, "x86_64"), GetParam().text);
}

ExecutableFacts file(const std::string& head, std::uint32_t permissions = 0755) {
  return {.path = "/app", .exists = true, .mode = kFile | permissions, .head = head};
}
ExecutableFacts directory() { return {.path = "/app", .exists = true, .mode = S_IFDIR | 0755}; }
ExecutableFacts on_noexec() {
  ExecutableFacts facts = file("#!/bin/sh\n");
  facts.noexec_mount = true;
  return facts;
}
ExecutableFacts owned(std::uint32_t permissions, std::uint32_t uid, std::uint32_t gid) {
  ExecutableFacts facts = file("x", permissions);
  facts.uid = uid;
  facts.gid = gid;
  return facts;
}
ExecutableFacts with_interpreter(const std::string& head) {
  ExecutableFacts facts = file(head);
  facts.interpreter_exists = true;
  return facts;
}

const std::vector<DiagnosisCase> kDiagnoses = {
    {"CommandMissing",
     {.path = "foo"},
     ENOENT,
     "the container has no command foo: see PATH in its environment, or install it in the image"},
    {"FileMissing", {.path = "/bin/foo"}, ENOENT, "the container has no file /bin/foo"},
    {"InterpreterMissing", file("#!/usr/bin/python3 -u\n"), ENOENT,
     "/app exists, but its first line asks for /usr/bin/python3, which does not"},
    {"CarriageReturn", file("#!/bin/sh\r\n"), ENOENT,
     "its first line ends in CR LF, so the kernel looks for '/bin/sh\\r': save it with LF line ends (sed -i "
     "'s/\\r$//')"},
    {"GlibcLoaderMissing", file(elf64(EM_X86_64, "/lib64/ld-linux-x86-64.so.2")), ENOENT,
     "/app exists, but the loader it asks for, /lib64/ld-linux-x86-64.so.2, does not: it was built for glibc (Debian, "
     "Fedora); link it "
     "statically, or take an image that has the loader"},
    {"MuslLoaderMissing", file(elf64(EM_X86_64, "/lib/ld-musl-x86_64.so.1")), ENOENT,
     "/app exists, but the loader it asks for, /lib/ld-musl-x86_64.so.1, does not: it was built for musl (Alpine); "
     "link it statically, or "
     "take an image that has the loader"},
    {"EverythingIsThere", with_interpreter("#!/bin/sh\n"), ENOENT, ""},
    {"BelowAFile", {.path = "/etc/passwd/x"}, ENOTDIR, "something above /etc/passwd/x is a file, not a directory"},
    {"Directory", directory(), EACCES, "/app is a directory"},
    {"DirectoryToo", directory(), EISDIR, "/app is a directory"},
    {"Device",
     {.path = "/dev/null", .exists = true, .mode = S_IFCHR | 0666},
     EACCES,
     "/dev/null is not a regular file"},
    {"NoExecMount", on_noexec(), EACCES, "/app lies on a mount with noexec: mount it with exec"},
    {"NoXBit", file("#!/bin/sh\n", 0644), EACCES, "/app has no x bit (mode 0644): chmod +x"},
    {"NoXBitForRoot",
     file("#!/bin/sh\n", 0644),
     EACCES,
     "/app has no x bit (mode 0644): chmod +x",
     {.ignores_modes = true}},
    {"NotForOthers",
     owned(0750, 0, 0),
     EACCES,
     "user 5 may not execute /app (mode 0750, owner 0:0)",
     {.uid = 5, .gid = 5}},
    {"NotForTheOwner",
     owned(0011, 5, 5),
     EACCES,
     "user 5 may not execute /app (mode 0011, owner 5:5)",
     {.uid = 5, .gid = 5}},
    {"ForAGroup",
     owned(0710, 0, 7),
     EACCES,
     "a directory above /app may not be entered by user 5",
     {.uid = 5, .gid = 5, .groups = {7}}},
    {"InterpreterRefused", file("#!/bin/sh\n"), EACCES,
     "its interpreter /bin/sh may not be executed, or lies on a mount with noexec"},
    {"OtherArchitecture", file(elf64(EM_AARCH64, "")), ENOEXEC,
     "/app is a program for 64-bit ARM, and this host is x86-64: take an image of its own architecture (--platform)"},
    {"CutOff", file(elf64(EM_X86_64, "/l").substr(0, 100)), ENOEXEC, "/app is damaged: it has been cut off"},
    {"TextWithoutInterpreter", file("echo hello\n"), ENOEXEC,
     "/app is text without a first line that names its interpreter: begin it with #!/bin/sh, or run sh /app"},
    {"Data", file(std::string("\x01\x02\x00", 3)), ENOEXEC, "/app is neither an ELF program nor a script"},
    {"EmptyFile", file(""), ENOEXEC, "/app is empty"},
    {"TooLong", file("#!/bin/sh\n"), E2BIG,
     "arguments and environment together are too long: at most a quarter of the stack limit (ulimit -s), and 128 KiB "
     "each"},
    {"Busy", file("#!/bin/sh\n"), ETXTBSY, "/app is open for writing somewhere: wait until its writer has closed it"},
    {"Loop", file(""), ELOOP,
     "symbolic links at /app lead in a circle, or scripts interpret scripts more than five deep"},
    {"Unlikely", file(""), EIO, ""},
    {"HostileName", {.path = "/a\x1b[31m"}, ENOENT, "the container has no file /a\\x1b[31m"},
};
INSTANTIATE_TEST_SUITE_P(Causes, DiagnosisTest, testing::ValuesIn(kDiagnoses),
                         [](const auto& one) { return one.param.name; });

TEST(Machines, HaveNames) {
  EXPECT_EQ(machine_name(EM_X86_64), "x86-64");
  EXPECT_EQ(machine_name(4711), "machine 4711");
  EXPECT_EQ(machine_number("aarch64"), EM_AARCH64);
  EXPECT_EQ(machine_number("vax"), 0);
}

// Bytes of an image are anybody's: one byte changed or the end cut off anywhere must not lead outside of the text.
TEST(Headers, AreReadFromHostileBytes) {
  std::minstd_rand random(1);
  for (const std::string& seed :
       {elf64(EM_X86_64, "/lib/ld.so"), elf32_big_endian(EM_MIPS, "/l"), std::string("#! /bin/sh -e\r\n")}) {
    for (int round = 0; round < 20'000; ++round) {
      std::string head = seed.substr(0, random() % (seed.size() + 1));
      for (int changes = static_cast<int>(random() % 4); changes > 0 && !head.empty(); --changes) {
        head[random() % head.size()] = static_cast<char>(random());
      }
      const Header header = read_header(head);
      EXPECT_LE(header.interpreter.size(), head.size());
    }
  }
}

}  // namespace
}  // namespace caisson::explain
