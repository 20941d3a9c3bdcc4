#pragma once

#include "host.h"

namespace ticktape::strategy {

/** What all strategies are told at a position of the sequence, so that a start need not read the frames before it. */
class Snapshot {
 public:
  /** It says what is known before this position. */
  uint64_t at() const { return at_; }

  /** Of the parts of a snapshot: JSON, with long lists of numbers behind it. Nothing when it is damaged. */
  static std::optional<Snapshot> of(uint64_t at, const std::string& data) {
    try {
      Snapshot made;
      made.at_ = at;
      // The first part is what strategies are told; the rest is the gateway's.
      made.bytes_ = data.substr(8, lengthAt(data, 0));
      const uint32_t length = lengthAt(made.bytes_, 0);
      made.numbers_ = (8 + std::size_t{length} + 7) & ~std::size_t{7};
      made.views_ = json::Parser(std::string_view(made.bytes_).substr(8, length)).parse();
      return made;
    } catch (const json::SyntaxError&) {
      return {};
    } catch (const std::out_of_range&) {
      return {};
    }
  }

  /** Tells a host what is known there. @throws json::SyntaxError for a snapshot of another form. */
  void load(Host& host, uint16_t strategy) const {
    const auto bids = numbers(views_.at("bids")), asks = numbers(views_.at("asks"));
    for (const json::Value& pair : views_.listAt("instruments")) {
      const auto number = static_cast<uint32_t>(pair.list.at(0).number);
      host.add(entryOf(number, pair.list.at(1)));
      if (number < bids.size() && number < asks.size()) host.positions.quoted(number, bids[number], asks[number]);
    }
    for (const json::Value& view : views_.listAt("strategies")) {
      if (view.at("strategy").number != strategy) continue;
      for (const json::Value& order : view.listAt("orders")) host.orders.load(orderOf(order.list));
      const json::Value& positions = view.at("positions");
      for (const json::Value& one : positions.listAt("positions"))
        host.positions.load(one.list.at(0).text, Book(integer(one.list.at(1)), integer(one.list.at(2)), integer(one.list.at(3))));
      for (const json::Value& one : positions.listAt("inverse")) {
        const auto& saved = one.listAt("saved");
        const auto number = static_cast<uint32_t>(one.at("number").number);
        if (const Terms* terms = host.instruments.byNumber(number))
          host.positions.load(number, InverseBook(*terms, integer(saved.at(0)), integer(saved.at(1)), integer(saved.at(2))));
      }
    }
  }

 private:
  static uint32_t lengthAt(const std::string& data, std::size_t at) {
    if (data.size() < at + 8) throw json::SyntaxError("it is too short");
    return detail::get<uint32_t>(reinterpret_cast<const uint8_t*>(data.data()) + at);
  }

  static BigInteger integer(const json::Value& value) {
    if (value.kind == json::Value::Kind::text) return BigInteger::of(value.text);
    return BigInteger(static_cast<int64_t>(value.number));
  }

  /** A list of numbers, in the JSON or behind it. */
  std::vector<double> numbers(const json::Value& value) const {
    std::vector<double> found;
    for (const json::Value& one : value.list) found.push_back(one.number);
    for (const char* key : {"$numbers", "$list"}) {
      const json::Value* place = value.find(key);
      if (place == nullptr) continue;
      const auto at = numbers_ + static_cast<std::size_t>(place->list.at(0).number), count = static_cast<std::size_t>(place->list.at(1).number);
      if (at > bytes_.size() || count > (bytes_.size() - at) / 8) throw json::SyntaxError("its numbers are outside of it");
      for (std::size_t i = 0; i < count; i++) found.push_back(detail::get<double>(reinterpret_cast<const uint8_t*>(bytes_.data()) + at + 8 * i));
    }
    return found;
  }

  static Instrument entryOf(uint32_t number, const json::Value& spec) {
    Instrument entry{number, spec.textAt("venue"), spec.textAt("symbol"), {}};
    for (const auto& [key, value] : spec.object) {
      if (key == "venue" || key == "symbol") continue;
      if (value.kind == json::Value::Kind::text) entry.terms.emplace_back(key, json::quoted(value.text));
      else if (value.kind == json::Value::Kind::boolean) entry.terms.emplace_back(key, value.boolean ? "true" : "false");
    }
    return entry;
  }

  static OpenOrder orderOf(const std::vector<json::Value>& saved) {
    OpenOrder order;
    order.orderId = static_cast<uint64_t>(saved.at(0).number) << 32 | static_cast<uint64_t>(saved.at(1).number);
    order.instrument = static_cast<uint32_t>(saved.at(2).number);
    order.side = static_cast<Side>(saved.at(3).number);
    order.state = static_cast<OrderState>(saved.at(4).number);
    order.price = saved.at(5).number;
    order.quantity = saved.at(6).number;
    order.filledQuantity = saved.at(7).number;
    order.pendingCancel = saved.at(8).boolean;
    order.pendingAmend = saved.at(9).boolean;
    order.clientOrderId = saved.at(10).text;
    return order;
  }

  uint64_t at_ = 0;
  json::Value views_;
  std::string bytes_;
  /** Where the lists of numbers begin. */
  std::size_t numbers_ = 0;
};

/** The parts of the snapshot that a frame ends, put together; nothing when they are not complete, or not as it says. Seeks. */
inline std::optional<std::string> readParts(Reader& reader, const trading::SnapshotEnd& end, uint64_t position) {
  std::string data;
  uint32_t part = 0;
  reader.seek(static_cast<uint64_t>(end.begin));
  for (auto one = reader.next(); one && one->position() < position; one = reader.next()) {
    if (one->type() != trading::SnapshotPart::kId || one->slots() != trading::SnapshotPart::kSlots) continue;
    const auto& found = *reinterpret_cast<const trading::SnapshotPart*>(one->data());
    if (found.snapshot != end.snapshot || found.part != part || found.size > sizeof found.bytes) continue;
    data.append(reinterpret_cast<const char*>(found.bytes.data), found.size);
    part++;
  }
  std::string hash;
  for (const uint8_t byte : detail::Sha256::of(data)) {
    char hex[3];
    std::snprintf(hex, sizeof hex, "%02x", byte);
    hash += hex;
  }
  if (part != end.parts || static_cast<double>(data.size()) != end.size || end.sha256 != hash) return {};
  return data;
}

/** The snapshot whose last frame is at a position, when it is complete and true at a position from `first` to `last`. Seeks. */
inline std::optional<Snapshot> readSnapshot(Reader& reader, uint64_t position, uint64_t first, uint64_t last) {
  try {
    reader.seek(position);
    const auto frame = reader.next();
    if (!frame || frame->position() != position || frame->slots() != trading::SnapshotEnd::kSlots) return {};
    const trading::SnapshotEnd end = *reinterpret_cast<const trading::SnapshotEnd*>(frame->data());
    if (!(end.at >= 0 && end.at <= end.begin && end.begin < static_cast<double>(position))) return {};
    const auto at = static_cast<uint64_t>(end.at);
    if (at < first || at > last) return {};
    const auto data = readParts(reader, end, position);
    return data ? Snapshot::of(at, *data) : std::nullopt;
  } catch (const PositionGoneError&) {
    // Retention has removed its first parts.
    return {};
  }
}

/**
 * Calls `take` with the snapshots of a sequence that are true at a position from `first` to `last`, the last one first, until it returns
 * false. A damaged one is passed over, and one whose first pages are gone. Pages before those that are needed are not read.
 */
template <class Take>
void snapshots(Reader& reader, uint64_t first, uint64_t last, const Take& take) {
  std::vector<uint64_t> onPage;
  reader.backwards(
      [&](const Frame& frame) {
        if (frame.type() == trading::SnapshotEnd::kId) onPage.push_back(frame.position());
      },
      [&] {
        for (; !onPage.empty(); onPage.pop_back()) {
          const auto snapshot = readSnapshot(reader, onPage.back(), first, last);
          if (snapshot && !take(*snapshot)) return false;
        }
        return true;
      });
}

/** The last of them. */
inline std::optional<Snapshot> lastSnapshot(Reader& reader, uint64_t first, uint64_t last) {
  std::optional<Snapshot> found;
  snapshots(reader, first, last, [&](const Snapshot& snapshot) {
    found = snapshot;
    return false;
  });
  return found;
}

/**
 * Tells a host what was before a position. Returns the last frame before it, nothing when there is none.
 *
 * @param alive called from time to time. @throws InvalidStateError when pages that are needed are gone.
 */
template <class Alive>
std::optional<Cause> learn(Host& host, uint16_t strategy, const std::string& sequence, uint64_t position, const Alive& alive) {
  Reader reader(sequence);
  const uint64_t first = reader.position();
  const auto snapshot = lastSnapshot(reader, first, position);
  if (!snapshot && first > 0 && position > 0) {
    throw InvalidStateError(sequence + " begins at position " + std::to_string(first) + ": its first pages are gone, and no snapshot says what was known at " +
                                std::to_string(position),
                            sequence, position);
  }
  if (snapshot) snapshot->load(host, strategy);
  reader.seek(snapshot ? snapshot->at() : first);
  auto learners = host.learners();
  while (reader.position() < position) {
    for (int i = 0; i < 1024 && reader.position() < position; i++) {
      const auto frame = reader.next();
      if (!frame) throw InvalidStateError(sequence + " ends before position " + std::to_string(position), sequence, position);
      learners.handle(*frame);
    }
    alive();
  }
  const auto last = reader.frameBefore(position);
  return last ? std::optional<Cause>(last->asCause()) : std::nullopt;
}

/** Where a strategy begins that has never run: at the first frame, or where it is known what was before when earlier pages are gone. */
inline std::optional<uint64_t> firstStart(const std::string& sequence) {
  Reader reader(sequence);
  const uint64_t first = reader.position();
  if (first == 0) return {};
  // The earliest one.
  std::optional<uint64_t> earliest;
  snapshots(reader, first, UINT64_MAX, [&](const Snapshot& snapshot) {
    earliest = snapshot.at();
    return true;
  });
  return earliest;
}

}  // namespace ticktape::strategy
