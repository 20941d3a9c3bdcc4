#include "frames.h"

#include "../core/crc32c.h"
#include "../core/format.h"
#include "../core/frames.h"
#include "../core/words.h"
#include "arguments.h"

namespace ticktape::binding {
namespace {

struct Span {
  RegionPtr page;
  uint32_t from;
  uint32_t to;
  uint64_t firstPosition;
};

bool readPage(const Napi::CallbackInfo& info, RegionPtr& page) {
  if (!readRegion(info.Env(), info[0], "page", page)) return false;
  if (page->size() >= format::page::kHeaderSize) return true;
  throwRange(info.Env(), "page is smaller than a page's header");
  return false;
}

/** page, from, to, firstPosition: slots within the page. */
bool readSpan(const Napi::CallbackInfo& info, Span& span) {
  if (!readPage(info, span.page)) return false;
  const uint32_t capacity = frames::capacity(span.page->size());
  return readWhole(info, 2, "to", 0, capacity, span.to) && readWhole(info, 1, "from", 0, span.to, span.from) &&
         readWhole(info, 3, "firstPosition", 0, kMostSafe, span.firstPosition);
}

Napi::Value throwMalformed(Napi::Env env, const Region& page) {
  return throwFailure(env, failed(EBADMSG, "frame", page.path()));
}

const char* nameOf(frames::Walk::Reason reason) {
  using Reason = frames::Walk::Reason;
  switch (reason) {
    case Reason::noSlots: return "no-slots";
    case Reason::noType: return "no-type";
    case Reason::pastEnd: return "past-end";
    case Reason::crcMissing: return "crc-missing";
    case Reason::crcWrong: return "crc-wrong";
    case Reason::timeBackwards: return "time-backwards";
    default: return "end";
  }
}

}  // namespace

Napi::Value crc32c(const Napi::CallbackInfo& info) {
  Bytes bytes;
  uint32_t seed;
  if (!readBytes(info, 0, "bytes", bytes) || !readWord(info.Env(), info[1], "seed", seed)) return {};
  return Napi::Number::New(info.Env(), ticktape::crc32c(bytes.data, bytes.length, seed));
}

Napi::Value frameCrc(const Napi::CallbackInfo& info) {
  RegionPtr page;
  if (!readPage(info, page)) return {};
  const uint32_t capacity = frames::capacity(page->size());
  uint32_t slot;
  uint64_t firstPosition;
  if (!readWhole(info, 1, "slot", 0, static_cast<double>(capacity) - 1, slot) ||
      !readWhole(info, 2, "firstPosition", 0, kMostSafe, firstPosition)) {
    return {};
  }
  const uint32_t slots = frames::slotsAt(page->data(), slot);
  if (slots == 0 || slots > capacity - slot) return throwMalformed(info.Env(), *page);
  return Napi::Number::New(info.Env(), frames::crc(page->data(), slot, slots, firstPosition));
}

Napi::Value stampFrames(const Napi::CallbackInfo& info) {
  Span span;
  if (!readSpan(info, span)) return {};
  if (!span.page->writable()) return throwType(info.Env(), "page must be mapped writable");
  if (frames::stamp(span.page->data(), span.from, span.to, span.firstPosition) != span.to) {
    return throwMalformed(info.Env(), *span.page);
  }
  return info.Env().Undefined();
}

Napi::Value pageCrc(const Napi::CallbackInfo& info) {
  RegionPtr page;
  uint32_t cursor;
  if (!readPage(info, page) || !readWhole(info, 1, "cursor", 0, frames::capacity(page->size()), cursor)) return {};
  return Napi::Number::New(info.Env(), frames::pageCrc(page->data(), cursor));
}

Napi::Value walkFrames(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Span span;
  bool checked;
  if (!readSpan(info, span) || !readFlag(info, 4, "checked", checked)) return {};
  if (!info[5].IsBigInt()) return throwType(env, "minTime must be a bigint");
  bool lossless;
  const int64_t minTime = info[5].As<Napi::BigInt>().Int64Value(&lossless);
  if (!lossless) return throwRange(env, "minTime must fit 64 bits");

  const frames::Walk walk = frames::walk(span.page->data(), span.from, span.to, span.firstPosition, checked, minTime);
  Napi::Object result = Napi::Object::New(env);
  result.Set("slot", walk.slot);
  result.Set("frames", walk.frames);
  result.Set("reason", nameOf(walk.reason));
  result.Set("lastTime", Napi::BigInt::New(env, walk.lastTime));
  return result;
}

}  // namespace ticktape::binding
