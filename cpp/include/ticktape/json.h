#pragma once

#include <charconv>
#include <cmath>

#include "reader.h"

namespace ticktape {

namespace detail {

inline std::string hexOf(const uint8_t* bytes, std::size_t size) {
  constexpr char digits[] = "0123456789abcdef";
  std::string hex = "\"";
  for (std::size_t i = 0; i < size; i++) {
    hex += digits[bytes[i] >> 4];
    hex += digits[bytes[i] & 15];
  }
  return hex + '"';
}

inline std::string jsonOf(double value) {
  if (std::isnan(value)) return "\"NaN\"";
  if (std::isinf(value)) return value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  if (value == 0) return "0";  // JSON.stringify has no -0.
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return std::string(text, end);
}

inline std::string jsonOf(const Frame& frame, const Field& field) {
  const uint8_t* at = frame.data() + field.offset;
  const std::string& kind = field.kind;
  if (kind == "u8") return std::to_string(*at);
  if (kind == "i8") return std::to_string(get<int8_t>(at));
  if (kind == "u16") return std::to_string(get<uint16_t>(at));
  if (kind == "i16") return std::to_string(get<int16_t>(at));
  if (kind == "u32" || kind == "instrument") return std::to_string(get<uint32_t>(at));
  if (kind == "i32") return std::to_string(get<int32_t>(at));
  if (kind == "u64") return '"' + std::to_string(get<uint64_t>(at)) + '"';
  if (kind == "i64") return '"' + std::to_string(get<int64_t>(at)) + '"';
  if (kind == "f32") return jsonOf(static_cast<double>(get<float>(at)));
  if (kind == "f64") return jsonOf(get<double>(at));
  if (kind == "bool") return *at != 0 ? "true" : "false";
  if (kind == "enum" && *at < field.values.size()) return json::quoted(field.values[*at]);
  if (kind == "bytes") return hexOf(at, field.size);
  const auto* characters = reinterpret_cast<const char*>(at);
  const std::string_view text(characters, ::strnlen(characters, field.size));
  if (kind == "ascii" && isAscii(text)) return json::quoted(text);
  if (kind == "text" && isUtf8(text)) return json::quoted(text);
  return "{\"damaged\":" + hexOf(at, field.size) + '}';
}

/** Whether a value of an enum has no name in this definition. */
inline bool hasUnnamedValue(const Frame& frame, const Definition& definition) {
  return std::any_of(definition.fields.begin(), definition.fields.end(),
                     [&](const Field& field) { return field.kind == "enum" && frame.data()[field.offset] >= field.values.size(); });
}

}  // namespace detail

/**
 * A frame as `ticktape tail --json` prints it: by the journal's schema.json alone. 64-bit integers are texts, bytes are hexadecimal, NaN and
 * the infinities are texts, and other numbers have the fewest digits that give the same double again; a value that its kind cannot have is { "damaged": hexadecimal }.
 */
inline std::string toJson(const Frame& frame) {
  const auto fitting = [&](const Definition* one) { return one != nullptr && one->slots == frame.slots() ? one : nullptr; };
  const Definition* definition = fitting(frame.definition());
  // A newer writer may have added names since the schema was read.
  if (definition != nullptr && detail::hasUnnamedValue(frame, *definition)) definition = fitting(frame.reader().definitionNow(frame.type()));
  std::string text = "{\"position\":" + std::to_string(frame.position()) + ",\"time\":\"" + std::to_string(frame.time()) +
                     "\",\"type\":" + (definition == nullptr ? std::to_string(frame.type()) : json::quoted(definition->name));
  if (frame.hasCause()) text += ",\"cause\":" + std::to_string(frame.cause()) + ",\"causeJournal\":" + std::to_string(frame.causeJournal());
  if (frame.slots() > 1)
    text += ",\"source\":" + std::to_string(frame.source()) + ",\"dest\":" + std::to_string(frame.dest()) + ",\"sinceRoot\":" + std::to_string(frame.sinceRoot());
  if (definition == nullptr) {
    const std::size_t start = frame.slots() > 1 ? format::frame::kLargeHeaderSize : format::frame::kSmallHeaderSize;
    return text + ",\"slots\":" + std::to_string(frame.slots()) + ",\"bytes\":" + detail::hexOf(frame.data() + start, frame.size() - start) + '}';
  }
  for (const Field& field : definition->fields) {
    text += ',' + json::quoted(field.name) + ':' + detail::jsonOf(frame, field);
    if (field.kind != "instrument") continue;
    const std::string symbol = frame.reader().symbol(frame.load<uint32_t>(field.offset));
    text += ',' + json::quoted(field.name == "instrument" ? "symbol" : field.name + "Symbol") + ':' + json::quoted(symbol);
  }
  return text + '}';
}

}  // namespace ticktape
