#pragma once

#include <atomic>
#include <functional>
#include <thread>

#include "../detail/json_value.h"
#include "../detail/system.h"

namespace ticktape::strategy {

/** The messages from and to the gateway: lines of JSON on standard input and output. The end of standard input is the gateway's end. */
class Messages {
 public:
  /** The exit status of a process that ends because its gateway has. */
  static constexpr int kGatewayGone = 143;
  static constexpr uint64_t kNever = UINT64_MAX;

  /**
   * Takes standard input and output for itself: what a strategy prints goes to standard error, and it finds no input. A program that the
   * strategy starts does not get them: it would keep the gateway waiting for their end.
   */
  Messages() : input_(::fcntl(0, F_DUPFD_CLOEXEC, 3)), output_(::fcntl(1, F_DUPFD_CLOEXEC, 3)) {
    const detail::Descriptor null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    ::dup2(null.number(), 0);
    ::dup2(2, 1);
  }

  /** Reads messages on a thread of its own: also a strategy that is in an endless loop ends with its gateway. */
  void listen(std::function<void()> wake) {
    std::thread([this, wake = std::move(wake)] { read(wake); }).detach();
  }

  /** Frames before this position must still be handled; kNever until the gateway says it. */
  uint64_t stopAt() const { return stopAt_.load(std::memory_order_acquire); }

  /** One to a gateway that has ended goes nowhere. @param fields JSON that begins with a comma, or nothing. */
  void say(const std::string& kind, const std::string& fields = {}) const {
    const std::string line = "{\"kind\":" + json::quoted(kind) + fields + "}\n";
    for (std::size_t done = 0; done < line.size();) {
      const ssize_t wrote = ::write(output_.number(), line.data() + done, line.size() - done);
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) return;
      done += static_cast<std::size_t>(wrote);
    }
  }

 private:
  void read(const std::function<void()>& wake) {
    std::string text;
    for (char bytes[4096];;) {
      const ssize_t length = ::read(input_.number(), bytes, sizeof bytes);
      if (length < 0 && errno == EINTR) continue;
      if (length <= 0) ::_exit(kGatewayGone);
      text.append(bytes, static_cast<std::size_t>(length));
      for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
        take(text.substr(0, end), wake);
        text.erase(0, end + 1);
      }
    }
  }

  void take(const std::string& line, const std::function<void()>& wake) {
    try {
      const json::Value message = json::Parser(line).parse();
      if (message.textAt("kind") != "stop") return;  // Messages of other kinds are for later versions.
      stopAt_.store(message.wholeAt("position", 0, (uint64_t{1} << 53) - 1), std::memory_order_release);
      wake();
    } catch (const json::SyntaxError& error) {
      std::fprintf(stderr, "the gateway's message '%s' cannot be read: %s\n", line.c_str(), error.what());
    }
  }

  const detail::Descriptor input_;
  const detail::Descriptor output_;
  std::atomic<uint64_t> stopAt_{kNever};
};

}  // namespace ticktape::strategy
