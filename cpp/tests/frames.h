// Made by scripts/generate-cpp.mjs of the definitions in test/cpp/frames.ts. Do not edit: run npm run generate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <ticktape/field.h>
#include <ticktape/frame.h>

namespace frames {

/** Id 1, 1 slot. */
struct Small {
  static constexpr char kName[] = "Small";
  static constexpr std::uint16_t kId = 1;
  static constexpr std::uint32_t kSlots = 1;
  static constexpr char kJson[] = "{\"name\":\"Small\",\"id\":1,\"slots\":1,\"fields\":[{\"name\":\"n\",\"kind\":\"u64\",\"size\":8,\"offset\":16}]}";

  ticktape::SmallHeader header;
  std::uint64_t n;
  std::uint8_t unused24[40];
};
static_assert(sizeof(Small) == 64);
static_assert(offsetof(Small, n) == 16);

/** Id 2, 2 slots. */
struct Large {
  static constexpr char kName[] = "Large";
  static constexpr std::uint16_t kId = 2;
  static constexpr std::uint32_t kSlots = 2;
  static constexpr char kJson[] = "{\"name\":\"Large\",\"id\":2,\"slots\":2,\"fields\":[{\"name\":\"n\",\"kind\":\"u64\",\"size\":8,\"offset\":32}]}";

  ticktape::LargeHeader header;
  std::uint64_t n;
  std::uint8_t unused40[88];
};
static_assert(sizeof(Large) == 128);
static_assert(offsetof(Large, n) == 32);

/** Id 11, 1 slot. */
struct Numbers {
  static constexpr char kName[] = "Numbers";
  static constexpr std::uint16_t kId = 11;
  static constexpr std::uint32_t kSlots = 1;
  static constexpr char kJson[] = "{\"name\":\"Numbers\",\"id\":11,\"slots\":1,\"fields\":[{\"name\":\"a\",\"kind\":\"u8\",\"size\":1,\"offset\":16},{\"name\":\"b\",\"kind\":\"i8\",\"size\":1,\"offset\":17},{\"name\":\"c\",\"kind\":\"u16\",\"size\":2,\"offset\":18},{\"name\":\"d\",\"kind\":\"i16\",\"size\":2,\"offset\":20},{\"name\":\"e\",\"kind\":\"u32\",\"size\":4,\"offset\":24},{\"name\":\"f\",\"kind\":\"i32\",\"size\":4,\"offset\":28},{\"name\":\"g\",\"kind\":\"f32\",\"size\":4,\"offset\":32},{\"name\":\"h\",\"kind\":\"f64\",\"size\":8,\"offset\":40},{\"name\":\"i\",\"kind\":\"bool\",\"size\":1,\"offset\":48}]}";

  ticktape::SmallHeader header;
  std::uint8_t a;
  std::int8_t b;
  std::uint16_t c;
  std::int16_t d;
  std::uint8_t unused22[2];
  std::uint32_t e;
  std::int32_t f;
  float g;
  std::uint8_t unused36[4];
  double h;
  ticktape::Bool i;
  std::uint8_t unused49[15];
};
static_assert(sizeof(Numbers) == 64);
static_assert(offsetof(Numbers, a) == 16);
static_assert(offsetof(Numbers, b) == 17);
static_assert(offsetof(Numbers, c) == 18);
static_assert(offsetof(Numbers, d) == 20);
static_assert(offsetof(Numbers, e) == 24);
static_assert(offsetof(Numbers, f) == 28);
static_assert(offsetof(Numbers, g) == 32);
static_assert(offsetof(Numbers, h) == 40);
static_assert(offsetof(Numbers, i) == 48);

/** Id 12, 2 slots. */
struct Wide {
  static constexpr char kName[] = "Wide";
  static constexpr std::uint16_t kId = 12;
  static constexpr std::uint32_t kSlots = 2;
  static constexpr char kJson[] = "{\"name\":\"Wide\",\"id\":12,\"slots\":2,\"fields\":[{\"name\":\"instrument\",\"kind\":\"instrument\",\"size\":4,\"offset\":32},{\"name\":\"legInstrument\",\"kind\":\"instrument\",\"size\":4,\"offset\":36},{\"name\":\"venueTime\",\"kind\":\"i64\",\"size\":8,\"offset\":40},{\"name\":\"orderId\",\"kind\":\"u64\",\"size\":8,\"offset\":48},{\"name\":\"side\",\"kind\":\"enum\",\"size\":1,\"offset\":56,\"values\":[\"buy\",\"sell\",\"\303\251\"]},{\"name\":\"label\",\"kind\":\"text\",\"size\":9,\"offset\":57},{\"name\":\"code\",\"kind\":\"ascii\",\"size\":5,\"offset\":66},{\"name\":\"raw\",\"kind\":\"bytes\",\"size\":3,\"offset\":71},{\"name\":\"from\",\"kind\":\"u8\",\"size\":1,\"offset\":74}]}";

  enum class Side : std::uint8_t { buy, sell, _ };
  /** The text of a value; "" for one that has none. */
  static constexpr std::string_view nameOf(Side value) {
    constexpr std::string_view texts[] = {"buy", "sell", "\303\251"};
    return static_cast<std::size_t>(value) < 3 ? texts[static_cast<std::size_t>(value)] : std::string_view();
  }

  ticktape::LargeHeader header;
  std::uint32_t instrument;
  std::uint32_t legInstrument;
  std::int64_t venueTime;
  std::uint64_t orderId;
  Side side;
  ticktape::Text<9> label;
  ticktape::Ascii<5> code;
  ticktape::Bytes<3> raw;
  std::uint8_t from;
  std::uint8_t unused75[53];
};
static_assert(sizeof(Wide) == 128);
static_assert(offsetof(Wide, instrument) == 32);
static_assert(offsetof(Wide, legInstrument) == 36);
static_assert(offsetof(Wide, venueTime) == 40);
static_assert(offsetof(Wide, orderId) == 48);
static_assert(offsetof(Wide, side) == 56);
static_assert(offsetof(Wide, label) == 57);
static_assert(offsetof(Wide, code) == 66);
static_assert(offsetof(Wide, raw) == 71);
static_assert(offsetof(Wide, from) == 74);

}  // namespace frames
