// The C++ side of the tests in test/cpp: reads, writes and recovers journals as it is told.
//
//   peer read DIR                       prints every frame as a line of JSON
//   peer kinds DIR DURABILITY FRAMES    writes frames with every kind of field
//   peer append DIR DURABILITY MS       writes frames that count on, for so many ms
//   peer follow DIR FRAMES              sleeps until frames come; says how many, and how long it ran
//   peer count DIR NAME                 a named reader: how many frames it has read, and where it goes on
//   peer try DIR                        opens the journal as its writer
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>

#include <ticktape/ticktape.h>

#include "frames.h"

namespace {

using namespace ticktape;

constexpr std::size_t kPage = 65536;

WriterOptions optionsOf(const std::string& durability) {
  WriterOptions options;
  options.pageSize = kPage;
  options.durability = durability == "interval" ? Durability::interval : Durability::process;
  return options;
}

void say(const std::string& line) {
  std::puts(line.c_str());
  std::fflush(stdout);
}

void read(const std::string& path) {
  Reader reader(path);
  auto all = handlers(otherwise([](const Frame& frame) { std::puts(toJson(frame).c_str()); }));
  while (reader.poll(all) > 0) {
  }
}

void kinds(const std::string& path, const std::string& durability, int frames) {
  Writer writer(path, optionsOf(durability));
  writer.addInstruments({{7, "v", "币🚀", {{"tick", "\"0.01\""}, {"digits", "null"}}}, {UINT32_MAX, "v", "a\"b", {}}});
  uint64_t last = 0;
  for (int i = 0; i < frames; i++) {
    const bool odd = i % 2 == 1;
    const uint64_t cause = writer.write<frames::Numbers>([&](frames::Numbers& f) {
      f.a = odd ? 255 : 0;
      f.b = odd ? 127 : -128;
      f.c = odd ? 65535 : 1;
      f.d = odd ? 32767 : -32768;
      f.e = odd ? UINT32_MAX : 2;
      f.f = odd ? INT32_MAX : INT32_MIN;
      f.g = odd ? 0.1F : -0.0F;
      f.h = i % 3 == 0 ? std::numeric_limits<double>::quiet_NaN() : i % 3 == 1 ? 5e-324 : -std::numeric_limits<double>::infinity();
      f.i = odd;
    });
    auto& wide = writer.begin<frames::Wide>();
    wide.instrument = odd ? 7 : 0;
    wide.legInstrument = odd ? UINT32_MAX : 5;
    wide.venueTime = odd ? INT64_MIN : INT64_MAX;
    wide.orderId = odd ? UINT64_MAX : uint64_t(i);
    wide.side = odd ? frames::Wide::Side::_ : frames::Wide::Side::buy;
    wide.label = odd ? "🚀12345" : "";
    wide.code = odd ? std::string_view("abcde") : std::string_view("x");
    wide.raw[0] = static_cast<uint8_t>(i);
    wide.raw[2] = 255;
    wide.from = 9;
    CommitOptions options;
    options.cause = Cause{odd ? cause : last, uint16_t(odd ? 65535 : 3), 0, 0};
    options.source = 65535;
    options.dest = static_cast<uint16_t>(i);
    last = writer.commit(options);
  }
  writer.flush();
}

/** The number of the last frame. */
uint64_t lastNumber(const std::string& path) {
  Reader reader(path);
  auto last = reader.frameBefore(UINT64_MAX >> 12);
  return last ? last->load<uint64_t>(last->slots() == 1 ? 16 : 32) : 0;
}

void append(const std::string& path, const std::string& durability, int ms) {
  Writer writer(path, optionsOf(durability));
  uint64_t n = lastNumber(path);
  say("writes");
  for (const int64_t end = detail::monotonic() + int64_t{ms} * 1'000'000; detail::monotonic() < end;) {
    // Groups appear whole or not at all.
    writer.atomic(9, [&] {
      for (int i = 0; i < 3; i++) {
        n++;
        if (n % 5 == 0) writer.write<frames::Large>([&](frames::Large& f) { f.n = n; });
        else writer.write<frames::Small>([&](frames::Small& f) { f.n = n; });
      }
    });
  }
}

void follow(const std::string& path, uint32_t frames) {
  ReaderOptions options;
  options.start = Start::end;
  Reader reader(path, options);
  say("follows");
  const int64_t begun = detail::monotonic();
  uint64_t count = 0;
  auto counting = handlers(on<frames::Small>([&](const frames::Small&) { count++; }), on<frames::Large>([&](const frames::Large&, const Frame&) { count++; }));
  while (count < frames && detail::monotonic() - begun < 20'000'000'000) {
    if (reader.poll(counting) == 0) reader.wait(5'000'000'000);
  }
  rusage usage;
  ::getrusage(RUSAGE_SELF, &usage);
  const double ran = static_cast<double>(usage.ru_utime.tv_sec) + static_cast<double>(usage.ru_utime.tv_usec) / 1e6;
  say("{\"count\":" + std::to_string(count) + ",\"share\":" + std::to_string(ran * 1e9 / static_cast<double>(detail::monotonic() - begun)) + "}");
}

void count(const std::string& path, const std::string& name) {
  ReaderOptions options;
  options.name = name;
  Reader reader(path, options);
  uint32_t count = 0;
  while (reader.next()) count++;
  reader.checkpoint();
  say("{\"count\":" + std::to_string(count) + ",\"position\":" + std::to_string(reader.position()) + "}");
}

void attempt(const std::string& path) {
  Writer writer(path);
  say("{\"position\":" + std::to_string(writer.position()) + ",\"epoch\":" + std::to_string(writer.epoch()) + "}");
}

}  // namespace

int main(int words, char** word) {
  const auto at = [&](int i) { return i < words ? std::string(word[i]) : std::string(); };
  const std::string what = at(1);
  try {
    if (what == "read") read(at(2));
    else if (what == "kinds") kinds(at(2), at(3), std::atoi(at(4).c_str()));
    else if (what == "append") append(at(2), at(3), std::atoi(at(4).c_str()));
    else if (what == "follow") follow(at(2), static_cast<uint32_t>(std::atoi(at(3).c_str())));
    else if (what == "count") count(at(2), at(3));
    else if (what == "try") attempt(at(2));
    else throw InvalidOptionError("no mode '" + what + "'");
    return 0;
  } catch (const Error& error) {
    std::fprintf(stderr, "%s: %s\n", error.code(), error.what());
    return 1;
  }
}
