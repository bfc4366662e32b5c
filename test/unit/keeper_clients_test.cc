#include <gtest/gtest.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <vector>

#include "keep_fixture.h"
#include "keeper/keep.h"
#include "keeper/protocol.h"
#include "keeper/socket.h"
#include "keeper_fixture.h"

namespace caisson::keeper {
namespace {

// Clients. What the socket's buffer holds can be said before the keeper runs, and heard when it has ended.
class KeepClientsTest : public KeepTerminalTest {
 protected:
  KeepClientsTest() {
    auto listener = listen_for_clients(socket_path_);
    EXPECT_TRUE(listener) << listener.error().text();
    kept_.listener = std::move(*listener);
  }
  Fd connect(std::uint8_t flags) const {
    auto connection = connect_to_keeper(socket_path_);
    EXPECT_TRUE(connection);
    tell(*connection, Message::kHello, std::string_view(reinterpret_cast<const char*>(&flags), 1));
    return connection ? std::move(*connection) : Fd();
  }
  static void tell(const Fd& connection, Message kind, std::string_view content) {
    const std::string packet = std::string(1, static_cast<char>(kind)) + std::string(content);
    EXPECT_EQ(::send(connection.get(), packet.data(), packet.size(), 0), static_cast<ssize_t>(packet.size()));
  }
  struct Heard {
    std::string output;
    std::string error;
    std::optional<int> status;
    std::optional<int> lost;
  };
  // All that comes, to the end of the file.
  static Heard hear(const Fd& connection) {
    Heard heard;
    std::array<char, kChunkBytes + 1> packet;
    for (ssize_t length; (length = ::recv(connection.get(), packet.data(), packet.size(), 0)) > 0;) {
      const std::string_view content(packet.data() + 1, static_cast<std::size_t>(length) - 1);
      if (packet[0] == static_cast<char>(Message::kOutput)) heard.output += content;
      if (packet[0] == static_cast<char>(Message::kError)) heard.error += content;
      if (packet[0] == static_cast<char>(Message::kEnded))
        content.copy(reinterpret_cast<char*>(&heard.status.emplace()), 4);
      if (packet[0] == static_cast<char>(Message::kLost))
        content.copy(reinterpret_cast<char*>(&heard.lost.emplace()), 4);
    }
    return heard;
  }
  // Longer than the address of a socket.
  const std::string socket_path_ = [this] {
    const std::string long_name = directory_ / std::string(150, 'd');
    std::filesystem::create_directory(long_name);
    return long_name + "/attach";
  }();
};

TEST_F(KeepClientsTest, SendsOutputAndStatusToAll) {
  const Fd one = connect(kWaits);
  const Fd two = connect(0);
  start([] { return write_all(1, "out") && write_all(2, "err") ? 3 : 1; });
  EXPECT_EQ(keep(kept_), 3 << 8);
  for (const Fd* client : {&one, &two}) {
    const Heard heard = hear(*client);
    EXPECT_EQ(heard.output, "out");
    EXPECT_EQ(heard.error, "err");
    EXPECT_EQ(heard.status, 3 << 8);
  }
}

// Where output should be is what cannot be read: a directory.
TEST_F(KeepClientsTest, TellsThemWhatCannotBeRead) {
  const Fd client = connect(kWaits);
  start([] { return write_all(2, "err") ? 0 : 1; });
  kept_.output = Fd(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  EXPECT_EQ(keep(kept_), 0);
  const Heard heard = hear(client);
  EXPECT_EQ(heard.lost, EISDIR);
  EXPECT_EQ(heard.error, "err");
  EXPECT_EQ(heard.status, 0);
  EXPECT_EQ(kept_.output_error, EISDIR);
}

TEST_F(KeepClientsTest, TakesTheirInput) {
  start([] { return write_all(1, read_all(0)) ? 0 : 1; });
  const Fd client = connect(kWaits);
  tell(client, Message::kInput, "one ");
  tell(client, static_cast<Message>(50), "from a later version");
  tell(client, Message::kInput, "two");
  tell(client, Message::kInputEnd, "");
  EXPECT_EQ(keep(kept_), 0);
  EXPECT_EQ(hear(client).output, "one two");
}

TEST_F(KeepClientsTest, TakesTheirSizes) {
  sigset_t resized;
  sigset_t former;
  sigemptyset(&resized);
  sigaddset(&resized, SIGWINCH);
  sigprocmask(SIG_BLOCK, &resized, &former);
  start_in_terminal([&] {
    int signal = 0;
    sigwait(&resized, &signal);
    winsize seen{};
    ::ioctl(0, TIOCGWINSZ, &seen);
    return seen.ws_row == 33 && seen.ws_col == 99 ? 0 : 1;
  });
  const Fd client = connect(kWaits);
  const TerminalSize size{.rows = 33, .columns = 99};
  tell(client, Message::kSize, std::string_view(reinterpret_cast<const char*>(&size), sizeof size));
  EXPECT_EQ(keep(kept_), 0);
  sigprocmask(SIG_SETMASK, &former, nullptr);
}

TEST_F(KeepClientsTest, LeavesTheSlowBehindAndTheirsAlone) {
  const std::string text = numbered_bytes(3'000'000);
  start([&] { return write_all(1, text) ? 0 : 1; });
  const Fd client = connect(0);
  EXPECT_EQ(keep(kept_), 0);
  const Heard heard = hear(client);
  EXPECT_EQ(heard.status, std::nullopt);
  EXPECT_EQ(heard.output, text.substr(0, heard.output.size())) << "without a gap up to where it was left";
  EXPECT_LT(heard.output.size(), text.size());
}

TEST_F(KeepClientsTest, HasPatienceWithThoseWhoAreLate) {
  const std::string text = numbered_bytes(3'000'000);
  start([&] { return write_all(1, text) ? 0 : 1; });
  Fd client = connect(0);
  const pid_t reader = fork_child([&] {
    ::poll(nullptr, 0, 300);
    const Heard heard = hear(client);
    return heard.output == text && heard.status == 0 ? 0 : 1;
  });
  EXPECT_EQ(keep(kept_), 0);
  EXPECT_EQ(wait_for(reader), 0);
}

TEST_F(KeepClientsTest, WaitsForThoseWhoWait) {
  const std::string text = numbered_bytes(3'000'000);
  start([&] { return write_all(1, text) ? 0 : 1; });
  Fd client = connect(kWaits);
  const pid_t reader = fork_child([&] {
    const Heard heard = hear(client);
    return heard.output == text && heard.status == 0 ? 0 : 1;
  });
  EXPECT_EQ(keep(kept_), 0);
  EXPECT_EQ(wait_for(reader), 0);
}

TEST_F(KeepClientsTest, DoesNotWaitForThoseWhoLeft) {
  start([] { return write_all(1, numbered_bytes(3'000'000)) ? 0 : 1; });
  Fd client = connect(kWaits);
  const pid_t leaver = fork_child([&] {
    await(client.get());
    return 0;
  });
  client = Fd();
  EXPECT_EQ(keep(kept_), 0);
  EXPECT_EQ(wait_for(leaver), 0);
}

TEST_F(KeepClientsTest, SendsLatecomersWhatComesLater) {
  Pipe& cue = cue_;
  start([&] {
    cue.writer = Fd();
    write_all(1, "one");
    await(cue.reader.get());
    return write_all(1, "two") ? 0 : 1;
  });
  copy_to_caller();
  Pipe heard = make_pipe();
  const pid_t latecomer = fork_child([&] {
    cue.reader = Fd();
    char one[3];
    if (::read(output_.reader.get(), one, sizeof one) != 3) return 1;  // the keeper has read it
    const Fd client = connect(kWaits);
    cue.writer = Fd();
    return hear(client).output == "two" ? 0 : 2;
  });
  cue.writer = Fd();
  EXPECT_EQ(keep(kept_), 0);
  EXPECT_EQ(wait_for(latecomer), 0);
}

TEST_F(KeepClientsTest, TurnsAwayTheSeventeenth) {
  start([] { return write_all(1, "out") ? 0 : 1; });
  std::vector<Fd> clients;
  for (int i = 0; i < 17; ++i) clients.push_back(connect(0));
  EXPECT_EQ(keep(kept_), 0);
  for (int i = 0; i < 17; ++i) EXPECT_EQ(hear(clients[static_cast<std::size_t>(i)]).output, i < 16 ? "out" : "") << i;
}

TEST(Socket, IsNotThereAfterItsKeeper) {
  const TemporaryDirectory directory;
  EXPECT_EQ(connect_to_keeper(directory / "none").error().number, ENOENT);
  (void)listen_for_clients(directory / "left");
  EXPECT_EQ(connect_to_keeper(directory / "left").error().number, ECONNREFUSED);
  EXPECT_TRUE(listen_for_clients(directory / "left"));
  EXPECT_EQ(std::filesystem::status(directory / "left").permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

}  // namespace
}  // namespace caisson::keeper
