#pragma once

#include "config.h"
#include "snapshot.h"

namespace ticktape::strategy {

/** What a replay answers: the frames that were read, and what the strategy has thrown. */
struct Replayed {
  uint64_t frames = 0;
  std::optional<HandlerError> thrown;
  /** Of the sequence, behind the frame that it was handling. */
  uint64_t position = 0;
};

/** Handles again, in one run of a strategy, the frames that it handled live. What it sends goes into another journal, to be compared. */
template <class Make>
Replayed replay(const Make& makeStrategy, const Info& info, const Config& config) {
  const json::Value& task = config.all.at("replay");
  constexpr uint64_t most = (uint64_t{1} << 53) - 1;
  const uint64_t from = task.wholeAt("from", 0, most), to = task.wholeAt("to", 0, most);
  Writer writer(config.output);
  Reader reader(config.input);
  // From here on journals that the strategy itself writes are others, which are removed: a replay changes nothing.
  ::setenv("TICKTAPE_PRIVATE", task.textAt("private").c_str(), 1);
  Replayed result;
  if (from > 0) reader.seek(from);
  try {
    const auto own = makeStrategy();
    Host host(*own, info, config.identity, writer, [](const std::string&) {}, true);
    host.start(learn(host, config.identity.number, config.input, from, [] {}));
    auto handlers = host.handlers();
    while (reader.position() < to) {
      const auto frame = reader.next();
      if (!frame) throw InvalidStateError(config.input + " ends at " + std::to_string(reader.position()) + ", but the strategy had read up to " + std::to_string(to), config.input);
      result.frames++;
      handlers.handle(*frame);
    }
    if (task.at("stop").boolean) host.stop([](Sender&, bool) {});
  } catch (const HandlerError& error) {
    result.thrown = error;
    result.position = reader.position();
  }
  return result;
}

}  // namespace ticktape::strategy
