#include "arguments.h"

#include <cmath>

#include "errors.h"

namespace ticktape::binding {
namespace {

bool refuseType(Napi::Env env, const char* name, const char* kind) {
  throwType(env, std::string(name) + " must be " + kind);
  return false;
}

bool refuseRange(Napi::Env env, const char* name, double value, const std::string& wanted) {
  char shown[32];
  std::snprintf(shown, sizeof shown, "%.17g", value);
  throwRange(env, std::string(name) + " is " + shown + ", but must be " + wanted);
  return false;
}

std::string shownWhole(double value) {
  char shown[32];
  std::snprintf(shown, sizeof shown, "%.0f", value);
  return shown;
}

}  // namespace

bool readWhole(const Napi::CallbackInfo& info, size_t index, const char* name, double least, double most, double& value) {
  const Napi::Value from = info[index];
  if (napi_get_value_double(info.Env(), from, &value) != napi_ok) return refuseType(info.Env(), name, "a number");
  if (value >= least && value <= most && value == std::floor(value)) return true;
  return refuseRange(info.Env(), name, value, "a whole number of " + shownWhole(least) + " to " + shownWhole(most));
}

bool readText(const Napi::CallbackInfo& info, size_t index, const char* name, std::string& value) {
  if (!info[index].IsString()) return refuseType(info.Env(), name, "a string");
  value = info[index].As<Napi::String>().Utf8Value();
  return true;
}

bool readPath(const Napi::CallbackInfo& info, size_t index, const char* name, std::string& value) {
  if (!readText(info, index, name, value)) return false;
  if (!value.empty() && value.find('\0') == std::string::npos) return true;
  return refuseType(info.Env(), name, "a path without NUL characters");
}

bool readName(const Napi::CallbackInfo& info, size_t index, const char* name, std::string& value) {
  if (!readPath(info, index, name, value)) return false;
  if (value.find('/') == std::string::npos && value != "." && value != "..") return true;
  return refuseType(info.Env(), name, "a file's name, without '/'");
}

bool readFlag(const Napi::CallbackInfo& info, size_t index, const char* name, bool& value) {
  if (!info[index].IsBoolean()) return refuseType(info.Env(), name, "a boolean");
  value = info[index].As<Napi::Boolean>().Value();
  return true;
}

bool readFunction(const Napi::CallbackInfo& info, size_t index, const char* name, Napi::Function& value) {
  if (!info[index].IsFunction()) return refuseType(info.Env(), name, "a function");
  value = info[index].As<Napi::Function>();
  return true;
}

bool readBytes(const Napi::CallbackInfo& info, size_t index, const char* name, Bytes& value) {
  napi_typedarray_type type;
  void* data = nullptr;
  size_t length = 0;
  const bool isArray = napi_get_typedarray_info(info.Env(), info[index], &type, &length, &data, nullptr, nullptr) == napi_ok;
  if (!isArray || type != napi_uint8_array) return refuseType(info.Env(), name, "a Uint8Array");
  value = {static_cast<const uint8_t*>(data), data == nullptr ? 0 : length};
  return true;
}

bool readWord(Napi::Env env, napi_value from, const char* name, uint32_t& value) {
  // -1 and 4294967295 are the same word.
  if (napi_get_value_uint32(env, from, &value) == napi_ok) return true;
  return refuseType(env, name, "a number");
}

bool readRegion(Napi::Env env, napi_value from, const char* name, RegionPtr& value) {
  const MappingHandle* handle = handleIn<MappingHandle>(env, from);
  if (handle == nullptr) return refuseType(env, name, "a Mapping");
  value = handle->region();
  if (value) return true;
  throwCode(env, "ERR_CLOSED", std::string(name) + " is closed");
  return false;
}

bool readRange(const Napi::CallbackInfo& info, size_t index, const Region& region, size_t& offset, size_t& length) {
  const auto size = static_cast<double>(region.size());
  return readWhole(info, index, "offset", 0, size, offset) &&
         readWhole(info, index + 1, "length", 0, size - static_cast<double>(offset), length);
}

bool readWordOffset(Napi::Env env, napi_value from, const Region& region, size_t& offset) {
  double value;
  if (napi_get_value_double(env, from, &value) != napi_ok) return refuseType(env, "offset", "a number");
  const double most = static_cast<double>(region.size()) - 4;
  if (value >= 0 && value <= most && value == std::floor(value) && std::fmod(value, 4) == 0) {
    offset = static_cast<size_t>(value);
    return true;
  }
  return refuseRange(env, "offset", value, "that of an aligned 32-bit word, 0 to " + shownWhole(most));
}

}  // namespace ticktape::binding
