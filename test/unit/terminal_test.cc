#include "terminal/terminal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/socket.h>

#include <vector>

#include "keeper/protocol.h"
#include "keeper_fixture.h"
#include "terminal/attach_client.h"
#include "terminal/detach_keys.h"

namespace caisson::terminal {
namespace {

using keeper::Message;

struct KeysCase {
  const char* name;
  const char* text;
  std::optional<std::string> keys;
};
class KeysTest : public testing::TestWithParam<KeysCase> {};
TEST_P(KeysTest, AreReadAsDockerDoes) {
  const auto keys = parse_detach_keys(GetParam().text);
  EXPECT_EQ(keys ? std::optional(*keys) : std::nullopt, GetParam().keys);
}
INSTANTIATE_TEST_SUITE_P(
    Keys, KeysTest,
    testing::Values(KeysCase{"the_default", "ctrl-p,ctrl-q", "\x10\x11"}, KeysCase{"letter", "a", "a"},
                    KeysCase{"mixed", "ctrl-a,b,C",
                             "\x01"
                             "bC"},
                    KeysCase{"signs", "ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_", "\x1b\x1c\x1d\x1e\x1f"},
                    KeysCase{"nul", "ctrl-@", std::string(1, '\0')}, KeysCase{"none", "", ""},
                    KeysCase{"empty_key", "a,,b", std::nullopt}, KeysCase{"long_key", "ab", std::nullopt},
                    KeysCase{"no_such_control", "ctrl-1", std::nullopt},
                    KeysCase{"capital_control", "ctrl-A", std::nullopt},
                    KeysCase{"two_controls", "ctrl-ab", std::nullopt}, KeysCase{"no_letter", "ctrl-", std::nullopt}),
    [](const auto& row) { return std::string(row.param.name); });

struct MatchCase {
  const char* name;
  std::string keys;
  std::vector<std::string> typed;
  std::string passed;
  bool detached;
};
class MatchTest : public testing::TestWithParam<MatchCase> {};
TEST_P(MatchTest, PassesOnWhatIsNotTheSequence) {
  DetachMatcher matcher(GetParam().keys);
  std::string passed;
  bool detached = false;
  for (const std::string& typed : GetParam().typed) detached = matcher.feed(typed, passed);
  EXPECT_EQ(detached, GetParam().detached);
  EXPECT_EQ(passed, GetParam().passed);
}
INSTANTIATE_TEST_SUITE_P(Matches, MatchTest,
                         testing::Values(MatchCase{"at_once", "pq", {"pq"}, "", true},
                                         MatchCase{"in_two_pieces", "pq", {"lsp", "q"}, "ls", true},
                                         MatchCase{"behind_text", "pq", {"ls -l\npqmore"}, "ls -l\n", true},
                                         MatchCase{"half_is_held_back", "pq", {"lsp"}, "ls", false},
                                         MatchCase{"half_is_passed_on", "pq", {"p", "x"}, "px", false},
                                         MatchCase{"first_key_twice", "pq", {"ppq"}, "p", true},
                                         MatchCase{"overlapping", "aab", {"aaab"}, "a", true},
                                         MatchCase{"overlap_goes_on", "abac", {"ababac"}, "ab", true},
                                         MatchCase{"no_keys", "", {"pq"}, "pq", false},
                                         MatchCase{"one_key", "q", {"abqc"}, "ab", true}),
                         [](const auto& row) { return std::string(row.param.name); });

// A terminal of the test's own, with what is "typed" at its master.
struct Terminal {
  Fd master;
  Fd slave;
  Terminal() {
    int ends[2]{};
    EXPECT_EQ(::openpty(&ends[0], &ends[1], nullptr, nullptr, nullptr), 0);
    master = Fd(ends[0]);
    slave = Fd(ends[1]);
  }
  bool echoes() const {
    termios settings{};
    EXPECT_EQ(::tcgetattr(slave.get(), &settings), 0);
    return (settings.c_lflag & ECHO) != 0;
  }
};

TEST(RawMode, IsLeftAtTheEnd) {
  const Terminal terminal;
  {
    const auto raw = RawMode::enter(terminal.slave.get());
    ASSERT_TRUE(raw);
    EXPECT_FALSE(terminal.echoes());
  }
  EXPECT_TRUE(terminal.echoes());
}

TEST(RawMode, IsForTerminals) {
  const Pipe pipe = make_pipe();
  const auto raw = RawMode::enter(pipe.reader.get());
  ASSERT_FALSE(raw);
  EXPECT_EQ(raw.error().number, ENOTTY);
  EXPECT_EQ(window_size(pipe.reader.get()).error().number, ENOTTY);
}

TEST(WindowSize, IsSetAndRead) {
  const Terminal terminal;
  ASSERT_TRUE(set_window_size(terminal.master.get(), {.ws_row = 33, .ws_col = 99}));
  const auto size = window_size(terminal.slave.get());
  ASSERT_TRUE(size);
  EXPECT_EQ(size->ws_row, 33);
  EXPECT_EQ(size->ws_col, 99);
}

// A client between a terminal and a keeper that is played by the test.
class AttachTest : public testing::Test {
 protected:
  AttachTest() {
    int ends[2]{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    client_ = Fd(ends[0]);
    keeper_ = Fd(ends[1]);
    EXPECT_TRUE(set_window_size(terminal_.master.get(), {.ws_row = 24, .ws_col = 80}));
  }
  void tell(Message kind, std::string_view content) {
    std::string packet(1, static_cast<char>(kind));
    packet += content;
    EXPECT_EQ(::send(keeper_.get(), packet.data(), packet.size(), 0), static_cast<ssize_t>(packet.size()));
  }
  // The client's next message; empty at its end.
  std::string hear() {
    std::array<char, 20'000> packet;
    const ssize_t length = ::recv(keeper_.get(), packet.data(), packet.size(), MSG_DONTWAIT);
    return std::string(packet.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  }
  static std::string message(Message kind, std::string_view content) {
    return std::string(1, static_cast<char>(kind)) + std::string(content);
  }
  static std::string size_message(std::uint16_t rows, std::uint16_t columns) {
    const keeper::TerminalSize size{.rows = rows, .columns = columns};
    return message(Message::kSize, std::string_view(reinterpret_cast<const char*>(&size), sizeof size));
  }
  Attachment at_the_terminal() {
    return {.connection = std::move(client_),
            .input = terminal_.slave.get(),
            .output = output_.writer.get(),
            .error = error_.writer.get(),
            .terminal = true,
            .detach_keys = "\x10\x11"};
  }

  Terminal terminal_;
  Fd client_;
  Fd keeper_;
  Pipe output_ = make_pipe();
  Pipe error_ = make_pipe();
};

TEST_F(AttachTest, GivesTheOutputAndTheStatus) {
  tell(Message::kOutput, "out");
  tell(Message::kError, "err");
  tell(static_cast<Message>(99), "from a later version");
  const int status = 3 << 8;
  tell(Message::kEnded, std::string_view(reinterpret_cast<const char*>(&status), sizeof status));
  ::shutdown(keeper_.get(), SHUT_WR);
  const auto attached = attach(at_the_terminal());
  ASSERT_TRUE(attached) << attached.error().text();
  EXPECT_EQ(attached->end, Attached::End::kEnded);
  EXPECT_EQ(attached->wait_status, status);
  EXPECT_TRUE(terminal_.echoes());
  output_.writer = Fd();
  error_.writer = Fd();
  EXPECT_EQ(read_all(output_.reader.get()), "out");
  EXPECT_EQ(read_all(error_.reader.get()), "err");
}

TEST_F(AttachTest, DetachesByKeys) {
  const auto raw = RawMode::enter(terminal_.slave.get());  // so that what is typed now is not waiting for its newline
  ASSERT_TRUE(write_all(terminal_.master.get(), "ls\x10\x11"));
  Attachment attachment = at_the_terminal();
  attachment.redraw = true;
  const auto attached = attach(std::move(attachment));
  ASSERT_TRUE(attached);
  EXPECT_EQ(attached->end, Attached::End::kDetached);
  EXPECT_EQ(hear(), size_message(23, 80));
  EXPECT_EQ(hear(), size_message(24, 80));
  EXPECT_EQ(hear(), message(Message::kInput, "ls"));
  EXPECT_EQ(hear(), "");
}

TEST_F(AttachTest, TellsTheSizeOfItsOutputWithoutAnInput) {
  ::shutdown(keeper_.get(), SHUT_WR);
  Attachment attachment = at_the_terminal();
  attachment.input = -1;
  attachment.output = terminal_.slave.get();
  ASSERT_TRUE(attach(std::move(attachment)));
  EXPECT_EQ(hear(), size_message(24, 80));
}

TEST_F(AttachTest, SaysWhenTheKeeperIsLost) {
  keeper_ = Fd();
  const auto attached = attach(at_the_terminal());
  ASSERT_TRUE(attached);
  EXPECT_EQ(attached->end, Attached::End::kLost);
}

TEST_F(AttachTest, SaysWhatTheKeeperCouldNotRead) {
  const int error = ENOMEM;
  const int status = 0;
  tell(Message::kLost, std::string_view(reinterpret_cast<const char*>(&error), sizeof error));
  tell(Message::kEnded, std::string_view(reinterpret_cast<const char*>(&status), sizeof status));
  keeper_ = Fd();
  const auto attached = attach(at_the_terminal());
  ASSERT_TRUE(attached);
  EXPECT_EQ(attached->end, Attached::End::kEnded);
  EXPECT_EQ(attached->output_error, ENOMEM);
}

TEST_F(AttachTest, FailsWhenNobodyReadsTheOutput) {
  output_.reader = Fd();
  tell(Message::kOutput, "out");
  const auto attached = attach(at_the_terminal());
  ASSERT_FALSE(attached);
  EXPECT_EQ(attached.error().text(), "write(standard output): Broken pipe");
  EXPECT_TRUE(terminal_.echoes());
}

TEST_F(AttachTest, SendsTheEndOfAPipe) {
  Pipe input = make_pipe();
  ASSERT_TRUE(write_all(input.writer.get(), "in\x10\x11"));
  input.writer = Fd();
  // The keeper ends once it has the end of the input, as a container's `cat` would.
  const pid_t keeper = fork_child([&] {
    client_ = Fd();
    std::array<char, 100> packet;
    for (ssize_t length; (length = ::recv(keeper_.get(), packet.data(), packet.size(), 0)) > 0;) {
      if (packet[0] == static_cast<char>(Message::kInputEnd)) return 0;
      if (std::string_view(packet.data() + 1, static_cast<std::size_t>(length) - 1) != "in\x10\x11") return 1;
    }
    return 2;
  });
  keeper_ = Fd();
  const auto attached = attach(
      {.connection = std::move(client_), .input = input.reader.get(), .end_input = true, .detach_keys = "\x10\x11"});
  ASSERT_TRUE(attached);
  EXPECT_EQ(attached->end, Attached::End::kLost);
  EXPECT_EQ(wait_for(keeper), 0);
}

TEST_F(AttachTest, PutsTheTerminalBackBeforeItDiesOfASignal) {
  const pid_t client = fork_child([&] {
    const auto attached = attach(at_the_terminal());
    return attached ? 1 : 2;
  });
  // Its first message is sent in raw mode; a message on the socket is what is waited for.
  char first = 0;
  ASSERT_EQ(::recv(keeper_.get(), &first, 1, 0), 1);
  EXPECT_FALSE(terminal_.echoes());
  ASSERT_EQ(::kill(client, SIGTERM), 0);
  const int status = wait_for(client);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) << status;
  EXPECT_TRUE(terminal_.echoes());
}

}  // namespace
}  // namespace caisson::terminal
