#include "decode.h"

#include <sys/stat.h>

#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

#include "../../cpp/include/ticktape/detail/json_value.h"
#include "journal.h"

namespace baseline {
namespace {

namespace json = ticktape::json;
using json::quoted;

struct Field {
  std::string name;
  std::string kind;
  std::size_t size;
  std::size_t offset;
  std::vector<std::string> values;
};

struct Definition {
  std::string name;
  std::vector<Field> fields;
};

std::string readText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool exists(const std::string& path) {
  struct stat status;
  return ::stat(path.c_str(), &status) == 0;
}

std::map<uint32_t, Definition> readSchema(const std::string& directory) {
  const std::string text = readText(directory + "/schema.json");
  const json::Value schema = json::Parser(text).parse();
  const double format = schema.at("format").number;
  if (format != 1 && format != 2) throw std::runtime_error("schema.json has another format");
  std::map<uint32_t, Definition> definitions;
  bool later = false;
  for (const json::Value& frame : schema.at("frames").list) {
    Definition definition{frame.at("name").text, {}};
    for (const json::Value& field : frame.at("fields").list) {
      Field made{field.at("name").text, field.at("kind").text, static_cast<std::size_t>(field.at("size").number),
                 static_cast<std::size_t>(field.at("offset").number), {}};
      if (const json::Value* values = field.find("values"))
        for (const json::Value& value : values->list) made.values.push_back(value.text);
      later = later || made.kind == "text" || made.kind == "instrument";
      definition.fields.push_back(std::move(made));
    }
    definitions.emplace(static_cast<uint32_t>(frame.at("id").number), std::move(definition));
  }
  if (later != (format == 2)) throw std::runtime_error("schema.json does not have the format of its kinds");
  return definitions;
}

/** The symbols by number; none without instruments.json. */
std::map<uint32_t, std::string> readSymbols(const std::string& directory) {
  std::map<uint32_t, std::string> symbols;
  const std::string path = directory + "/instruments.json";
  if (!exists(path)) return symbols;
  const std::string text = readText(path);
  const json::Value file = json::Parser(text).parse();
  if (file.at("format").number != 1) throw std::runtime_error("instruments.json has another format");
  for (const json::Value& entry : file.at("instruments").list)
    symbols.emplace(static_cast<uint32_t>(entry.at("number").number), entry.at("symbol").text);
  return symbols;
}

template <typename T>
T get(const uint8_t* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

std::string real(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.17g", value);
  return value - value == 0 ? text : quoted(text);
}

/** A value as JSON; 64-bit integers as text, bytes in hexadecimal. */
std::string valueOf(const uint8_t* frame, const Field& field) {
  const uint8_t* at = frame + field.offset;
  const std::string& kind = field.kind;
  if (kind == "u8") return std::to_string(*at);
  if (kind == "i8") return std::to_string(get<int8_t>(at));
  if (kind == "u16") return std::to_string(get<uint16_t>(at));
  if (kind == "i16") return std::to_string(get<int16_t>(at));
  if (kind == "u32" || kind == "instrument") return std::to_string(get<uint32_t>(at));
  if (kind == "i32") return std::to_string(get<int32_t>(at));
  if (kind == "u64") return quoted(std::to_string(get<uint64_t>(at)));
  if (kind == "i64") return quoted(std::to_string(get<int64_t>(at)));
  if (kind == "f32") return real(static_cast<double>(get<float>(at)));
  if (kind == "f64") return real(get<double>(at));
  if (kind == "bool") return *at != 0 ? "true" : "false";
  if (kind == "enum") return quoted(field.values.at(*at));
  if (kind == "ascii" || kind == "text") {
    const char* text = reinterpret_cast<const char*>(at);
    return quoted(std::string(text, ::strnlen(text, field.size)));
  }
  if (kind != "bytes") throw std::runtime_error("no kind " + kind);
  std::string hex;
  for (std::size_t i = 0; i < field.size; i++) {
    char digits[4];
    std::snprintf(digits, sizeof digits, "%02x", at[i]);
    hex += digits;
  }
  return quoted(hex);
}

void print(const uint8_t* frame, const Definition& definition, const std::map<uint32_t, std::string>& symbols) {
  std::string line = "{\"type\":" + quoted(definition.name);
  for (const Field& field : definition.fields) {
    line += ',' + quoted(field.name) + ':' + valueOf(frame, field);
    if (field.kind != "instrument") continue;
    const uint32_t number = get<uint32_t>(frame + field.offset);
    const auto known = symbols.find(number);
    const std::string symbol = number == 0 ? "" : known == symbols.end() ? '#' + std::to_string(number) : known->second;
    line += ',' + quoted(field.name == "instrument" ? "symbol" : field.name + "Symbol") + ':' + quoted(symbol);
  }
  std::puts((line + '}').c_str());
}

}  // namespace

void decode(const std::string& directory) {
  const auto definitions = readSchema(directory);
  const auto symbols = readSymbols(directory);
  Reader reader(directory);
  while (reader.poll([&](const uint8_t* frame, uint32_t type) { print(frame, definitions.at(type), symbols); }) > 0) {
  }
}

}  // namespace baseline
