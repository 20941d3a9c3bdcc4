#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "detail/json_value.h"
#include "errors.h"
#include "format.h"

namespace ticktape {

/** Where a field lies in its frames, as schema.json has it. */
struct Field {
  std::string name;
  std::string kind;
  /** Bytes. */
  uint32_t size = 0;
  /** From the frame's first byte. */
  uint32_t offset = 0;
  /** The names of an enum. */
  std::vector<std::string> values;
};

namespace detail {

/** The bytes of a kind: 0 for those of any size, -1 for no kind. */
inline int sizeOfKind(const std::string& kind) {
  if (kind == "u8" || kind == "i8" || kind == "bool" || kind == "enum") return 1;
  if (kind == "u16" || kind == "i16") return 2;
  if (kind == "u32" || kind == "i32" || kind == "f32" || kind == "instrument") return 4;
  if (kind == "u64" || kind == "i64" || kind == "f64") return 8;
  return kind == "ascii" || kind == "text" || kind == "bytes" ? 0 : -1;
}

/** Kinds that came with format 2 of schema.json. */
inline bool isSecondFormat(const std::string& kind) { return kind == "text" || kind == "instrument"; }

inline void need(bool condition, const std::string& problem) {
  if (!condition) throw json::SyntaxError(problem);
}

}  // namespace detail

/** A kind of frame. */
struct Definition {
  std::string name;
  uint16_t id = 0;
  uint32_t slots = 0;
  std::vector<Field> fields;

  /** A field by its name; null when there is none. */
  const Field* find(std::string_view field) const {
    for (const Field& one : fields)
      if (one.name == field) return &one;
    return nullptr;
  }

  /** Of JSON as in schema.json. @throws json::SyntaxError for what is no definition. */
  static Definition of(const json::Value& value) {
    using detail::need;
    Definition made;
    made.name = value.textAt("name");
    made.slots = static_cast<uint32_t>(value.wholeAt("slots", 1, format::frame::kMaxSlots));
    made.id = static_cast<uint16_t>(value.wholeAt("id", 1, format::frame::kMaxType));
    const uint64_t start = made.slots == 1 ? format::frame::kSmallHeaderSize : format::frame::kLargeHeaderSize;
    const uint64_t end = uint64_t{made.slots} * format::kSlotSize;
    for (const json::Value& one : value.listAt("fields")) {
      Field field;
      field.name = one.textAt("name");
      field.kind = one.textAt("kind");
      const std::string what = "field '" + field.name + "' of frame '" + made.name + "' ";
      const int fixed = detail::sizeOfKind(field.kind);
      need(fixed >= 0, what + "has an unknown kind");
      field.size = static_cast<uint32_t>(one.wholeAt("size", 1, end));
      field.offset = static_cast<uint32_t>(one.wholeAt("offset", start, end));
      need(fixed == 0 || static_cast<uint32_t>(fixed) == field.size, what + "has another size than its kind");
      need(field.offset + field.size <= end && (fixed == 0 || field.offset % static_cast<uint32_t>(fixed) == 0), what + "lies outside of its frame or misaligned");
      if (field.kind == "enum") {
        for (const json::Value& name : one.listAt("values")) {
          need(name.kind == json::Value::Kind::text && !name.text.empty(), what + "has a value without a name");
          field.values.push_back(name.text);
        }
        need(!field.values.empty() && field.values.size() <= 256, what + "has no list of names");
      }
      need(made.find(field.name) == nullptr, what + "is there twice");
      made.fields.push_back(std::move(field));
    }
    return made;
  }

  /** Of the text that a generated header has. */
  static Definition parse(std::string_view text) {
    try {
      return of(json::Parser(text).parse());
    } catch (const json::SyntaxError& error) {
      throw FrameDefinitionError(std::string("a generated definition is damaged: ") + error.what());
    }
  }

  /** As JSON.stringify writes it: what LAYOUT_HASH is made of. */
  std::string json() const {
    std::string text = "{\"name\":" + json::quoted(name) + ",\"id\":" + std::to_string(id) + ",\"slots\":" + std::to_string(slots) + ",\"fields\":[";
    for (const Field& field : fields) {
      if (&field != &fields.front()) text += ',';
      text += "{\"name\":" + json::quoted(field.name) + ",\"kind\":" + json::quoted(field.kind) + ",\"size\":" + std::to_string(field.size) +
              ",\"offset\":" + std::to_string(field.offset);
      if (field.kind == "enum") {
        text += ",\"values\":[";
        for (const std::string& value : field.values) {
          if (&value != &field.values.front()) text += ',';
          text += json::quoted(value);
        }
        text += ']';
      }
      text += '}';
    }
    return text + "]}";
  }

  /** Whether an enum has names that the other one has not, of two definitions without a `difference`. */
  bool hasMoreNames(const Definition& other) const {
    for (std::size_t i = 0; i < fields.size(); i++)
      if (fields[i].values.size() > other.fields[i].values.size()) return true;
    return false;
  }

  /** Why frames of the journal are not those of a program; empty when they are. The enums of either may have more names at their ends. */
  std::string difference(const Definition& program) const {
    if (name != program.name) return "it is called '" + name + "' there and '" + program.name + "' in the program";
    if (slots != program.slots) return "it takes " + std::to_string(slots) + " slots there and " + std::to_string(program.slots) + " in the program";
    if (fields.size() != program.fields.size()) return "it has " + std::to_string(fields.size()) + " fields there and " + std::to_string(program.fields.size()) + " in the program";
    for (std::size_t i = 0; i < fields.size(); i++) {
      const Field &a = fields[i], &b = program.fields[i];
      const auto common = static_cast<std::ptrdiff_t>(std::min(a.values.size(), b.values.size()));
      const bool sameNames = std::equal(a.values.begin(), a.values.begin() + common, b.values.begin());
      if (a.name != b.name || a.kind != b.kind || a.size != b.size || a.offset != b.offset || !sameNames) return "the field '" + b.name + "' differs";
    }
    return {};
  }
};

}  // namespace ticktape
