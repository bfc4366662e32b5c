// Health checks that ask a port: from inside the container's network, without a program of the container's.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace caisson::engine {

/// Whether a check's test is one of those: {"TCP", HOST, PORT} or {"HTTP", HOST, PORT, PATH, "NAME: VALUE"…}. HOST is
/// an address, or empty for the container's own.
bool is_network_test(const std::vector<std::string>& test);

struct NetworkAnswer {
  bool is_well = false;  ///< TCP: connected; HTTP: a status of 200 to 399
  std::string words;     ///< "connected", "HTTP/1.1 500 …", why not
};

/// Asks, in the network namespace of the process `pid`, for `timeout` at most. For a child: it stays in there, and in
/// that process's user namespace where it has to be its root to get in.
NetworkAnswer ask_network(pid_t pid, const std::vector<std::string>& test, std::chrono::milliseconds timeout);

/// What is sent. Pure.
std::string http_request(const std::vector<std::string>& test);

/// Whether `answer` begins with a status line of 200 to 399; the line. Pure.
NetworkAnswer read_http_answer(std::string_view answer);

}  // namespace caisson::engine
