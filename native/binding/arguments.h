#pragma once

#include <napi.h>

#include <string>
#include <vector>

#include "mapping.h"

/**
 * Checked arguments of a call. Each `read...` returns false, with an exception pending, when the argument is invalid. The library
 * checks what users pass; the checks here are for values that would otherwise kill the process.
 */
namespace ticktape::binding {

/** A whole number from `least` to `most`; both within ±2^53. */
bool readWhole(const Napi::CallbackInfo& info, size_t index, const char* name, double least, double most, double& value);

template <class T>
bool readWhole(const Napi::CallbackInfo& info, size_t index, const char* name, double least, double most, T& value) {
  double number;
  if (!readWhole(info, index, name, least, most, number)) return false;
  value = static_cast<T>(number);
  return true;
}

bool readText(const Napi::CallbackInfo& info, size_t index, const char* name, std::string& value);
/** A path: text with no NUL in it. */
bool readPath(const Napi::CallbackInfo& info, size_t index, const char* name, std::string& value);
/** The name of a file in a directory: a path without '/', and neither "." nor "..". */
bool readName(const Napi::CallbackInfo& info, size_t index, const char* name, std::string& value);
bool readFlag(const Napi::CallbackInfo& info, size_t index, const char* name, bool& value);
bool readFunction(const Napi::CallbackInfo& info, size_t index, const char* name, Napi::Function& value);

struct Bytes {
  const uint8_t* data = nullptr;
  size_t length = 0;
};
bool readBytes(const Napi::CallbackInfo& info, size_t index, const char* name, Bytes& value);

/** The value of a 32-bit word; JavaScript may pass it as a signed or an unsigned number. */
bool readWord(Napi::Env env, napi_value from, const char* name, uint32_t& value);

/** A Mapping that is open. */
bool readRegion(Napi::Env env, napi_value from, const char* name, RegionPtr& value);
/** An offset and a length, within the region. */
bool readRange(const Napi::CallbackInfo& info, size_t index, const Region& region, size_t& offset, size_t& length);
/** The offset of an aligned word within the region. */
bool readWordOffset(Napi::Env env, napi_value from, const Region& region, size_t& offset);

inline constexpr double kMostSafe = 9007199254740991.0;

}  // namespace ticktape::binding
