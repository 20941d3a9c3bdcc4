#pragma once

#include "process.h"
#include "replay.h"

namespace ticktape {

namespace strategy {

/** Whether a strategy has an `onTicker` of its own: tickers are written only while some strategy reads them. */
template <class Own>
constexpr bool kWantsTicker = !std::is_same_v<decltype(&Own::onTicker), void (Strategy::*)(const trading::Ticker&)>;

/** Says which strategy the program has. */
inline int inspect(const Info& info, bool wantsTicker) {
  std::string symbols;
  for (const std::string& symbol : info.symbols) symbols += (symbols.empty() ? "" : ",") + json::quoted(symbol);
  symbols = info.symbols.empty() ? "null" : '[' + symbols + ']';
  Messages().say("strategies", ",\"strategies\":[{\"id\":" + json::quoted(info.id) + ",\"symbols\":" + symbols + ",\"from\":\"" + (info.from == Start::first ? "start" : "end") +
                                   "\",\"wantsTicker\":" + (wantsTicker ? "true" : "false") + "}]");
  return 0;
}

/** Runs `body`; what it throws is printed, and said to the gateway. */
template <class Body>
int reported(const Messages& messages, const Body& body) {
  std::string text, code = "ERR_STRATEGY";
  try {
    body();
    return 0;
  } catch (const HandlerError& error) {
    text = error.where + ": " + error.what();
  } catch (const Error& error) {
    code = error.code();
    text = code + ": " + error.what();
  } catch (const std::exception& error) {
    text = error.what();
  }
  std::fprintf(stderr, "%s\n", text.c_str());
  messages.say("failed", member("message", text) + member("code", code));
  return 1;
}

}  // namespace strategy

/**
 * The `main` of a strategy's program: `ticktape run PROGRAM` starts it as docs/strategy-protocol.md says of runners.
 *
 * @return the exit status. It ends the process itself: threads that a strategy has left must not delay the gateway.
 */
template <class Own>
int runStrategy(const strategy::Info& info, int words, char** word) {
  using namespace strategy;
  const std::string what = words > 2 ? word[1] : "";
  if (what == "inspect") return inspect(info, kWantsTicker<Own>);
  if (what != "run" && what != "replay") {
    std::fprintf(stderr, "this is the program of strategy '%s': start it with 'ticktape run %s'\n", info.id.c_str(), words > 0 ? word[0] : "");
    return 2;
  }
  // Ctrl-C also reaches the gateway, which stops everything in order. A gateway that is gone must not end the process by a signal.
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);
  static Messages messages;
  static std::mutex mutex;
  static const Process* running = nullptr;
  const auto setRunning = [](const Process* process) {
    const std::lock_guard<std::mutex> lock(mutex);
    running = process;
  };
  // First of all: it must end with its gateway, whatever it is doing.
  messages.listen([] {
    const std::lock_guard<std::mutex> lock(mutex);
    if (running != nullptr) running->wake();
  });
  const int status = reported(messages, [&] {
    const Config config = Config::parse(word[2]);
    if (what == "replay") {
      const Replayed result = replay([] { return std::make_unique<Own>(); }, info, config);
      std::string thrown = "null";
      if (result.thrown) thrown = "{\"text\":" + json::quoted(result.thrown->what()) + member("where", result.thrown->where) + ",\"position\":" + std::to_string(result.position) + '}';
      messages.say("replayed", ",\"frames\":" + std::to_string(result.frames) + ",\"thrown\":" + thrown);
      return;
    }
    Own own;
    Process process(own, info, config, messages);
    setRunning(&process);
    try {
      process.run();
    } catch (...) {
      setRunning(nullptr);
      throw;
    }
    setRunning(nullptr);
  });
  std::fflush(nullptr);
  ::_exit(status);
}

}  // namespace ticktape
