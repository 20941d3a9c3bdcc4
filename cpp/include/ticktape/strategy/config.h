#pragma once

#include "host.h"

namespace ticktape::strategy {

/** The argument of a process: docs/strategy-protocol.md. Keys that it does not know are ignored. */
struct Config {
  std::string id, input, output;
  Identity identity;
  json::Value all;

  /** @throws InvalidOptionError. */
  static Config parse(const std::string& text) {
    try {
      Config made;
      made.all = json::Parser(text).parse();
      made.id = made.all.textAt("id");
      made.input = made.all.textAt("input");
      made.output = made.all.textAt("output");
      made.identity.number = static_cast<uint16_t>(made.all.wholeAt("strategy", 1, 4095));
      made.identity.epoch = static_cast<uint32_t>(made.all.wholeAt("epoch", 1, 1048575));
      made.identity.seed = static_cast<uint32_t>(made.all.wholeAt("seed", 0, UINT32_MAX));
      for (const auto& [venue, names] : made.all.at("accounts").object)
        for (const json::Value& name : names.list) made.identity.accounts[venue].push_back(name.text);
      return made;
    } catch (const json::SyntaxError& error) {
      throw InvalidOptionError(std::string("the argument is not that of a strategy's process: ") + error.what());
    }
  }
};

/** JSON for a message: a key and a text, with a comma before it. */
inline std::string member(const char* key, const std::string& text) { return std::string(",\"") + key + "\":" + json::quoted(text); }

}  // namespace ticktape::strategy
