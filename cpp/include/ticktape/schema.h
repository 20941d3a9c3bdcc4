#pragma once

#include <algorithm>
#include <array>
#include <map>

#include "definition.h"
#include "detail/directory.h"
#include "detail/sha256.h"

namespace ticktape {

/** The definitions of a journal: its schema.json. The text is not trusted. */
class Schema {
 public:
  const std::vector<Definition>& definitions() const { return definitions_; }

  const Definition* find(uint16_t id) const {
    for (const Definition& one : definitions_)
      if (one.id == id) return &one;
    return nullptr;
  }
  const Definition* find(std::string_view name) const {
    for (const Definition& one : definitions_)
      if (one.name == name) return &one;
    return nullptr;
  }

  /** Of a journal; empty when it has none yet. @throws CorruptJournalError. */
  static Schema read(const detail::Directory& directory) {
    const auto text = directory.read(detail::file_name::kSchema, kMostBytes);
    return text ? parse(*text, directory.pathOf(detail::file_name::kSchema)) : Schema();
  }

  /** @throws CorruptJournalError. */
  static Schema parse(std::string_view text, const std::string& path) {
    try {
      const json::Value value = json::Parser(text).parse();
      const uint64_t format = value.wholeAt("format", 1, 2);
      Schema schema;
      for (const json::Value& frame : value.listAt("frames")) {
        Definition made = Definition::of(frame);
        detail::need(schema.find(made.id) == nullptr && schema.find(made.name) == nullptr, "two frames have the same id or name");
        schema.definitions_.push_back(std::move(made));
      }
      detail::need(format == (schema.isSecondFormat() ? 2u : 1u), "it has the kinds of another format");
      return schema;
    } catch (const json::SyntaxError& error) {
      throw CorruptJournalError(path + " is not a schema: " + error.what() + "; run 'ticktape repair'", path);
    }
  }

  /** The contents of schema.json. */
  std::string text() const { return std::string("{\"format\":") + (isSecondFormat() ? '2' : '1') + ",\"frames\":" + frames() + "}\n"; }

  /** LAYOUT_HASH of a page that is created now. */
  std::array<uint8_t, 8> hash() const {
    const auto digest = detail::Sha256::of(frames());
    std::array<uint8_t, 8> first{};
    std::copy_n(digest.begin(), first.size(), first.begin());
    return first;
  }

  /** Adds a definition of an id that there is none of yet. @throws SchemaMismatchError when its name is in use. */
  void add(const Definition& made, const std::string& path) {
    if (const Definition* other = find(made.name)) {
      throw SchemaMismatchError("frame '" + made.name + "' has id " + std::to_string(other->id) + " in " + path + " and " + std::to_string(made.id) + " in the program",
                                path);
    }
    definitions_.push_back(made);
  }

  /** Adds the names that enums of a program have and the journal's have not: at their ends. `check` has found no difference. */
  void addNames(const Definition& program) {
    for (Definition& known : definitions_) {
      if (known.id != program.id) continue;
      for (std::size_t i = 0; i < known.fields.size(); i++)
        if (program.fields[i].values.size() > known.fields[i].values.size()) known.fields[i].values = program.fields[i].values;
    }
  }

  /** @throws SchemaMismatchError when the program's frames are others than the journal's. */
  static void check(const Definition& known, const Definition& program, const std::string& path) {
    const std::string difference = known.difference(program);
    if (difference.empty()) return;
    throw SchemaMismatchError("frame id " + std::to_string(program.id) + " has another definition in " + path + ": " + difference +
                                  ". Make the header again with 'ticktape codegen cpp', give a changed frame a new id, or use another journal",
                              path);
  }

 private:
  static constexpr std::size_t kMostBytes = 64 * 1024 * 1024;

  bool isSecondFormat() const {
    return std::any_of(definitions_.begin(), definitions_.end(), [](const Definition& one) {
      return std::any_of(one.fields.begin(), one.fields.end(), [](const Field& field) { return detail::isSecondFormat(field.kind); });
    });
  }

  std::string frames() const {
    std::string text = "[";
    for (const Definition& one : definitions_) {
      if (&one != &definitions_.front()) text += ',';
      text += one.json();
    }
    return text + ']';
  }

  std::vector<Definition> definitions_;
};

}  // namespace ticktape
