#include "operations/image_update.h"

#include <algorithm>

#include "operations/setting.h"

namespace tessera::operations {
namespace {

bool comparable(const cards::image_proof& one, const cards::image_proof& other) {
    return one.counter != 0 && other.counter != 0 && one.key_version == other.key_version &&
           one.application == other.application;
}

// A doubt is of a packet that was sent and that nobody proved. Who speaks of an earlier one says nothing about it: the
// card may have executed it since.
result<void> clear_doubt(cards::card_store& cards, cards::card_id card, std::string_view file, std::uint16_t record,
                         const cards::image_proof& proof) {
    TESSERA_TRY_VALUE(const bool later, cards.counted_since(card, proof));
    return later ? result<void>() : cards.clear_doubt(card, file, record);
}

// The image is of a later write. How long that was nobody knows: where this one said otherwise, its octets may be those
// that the later one did not reach.
result<void> keep_later(cards::card_store& cards, cards::card_id card, const file_write& write,
                        const known_image& later) {
    if (is_setting(write)) return {};  // replaced whole
    const bool reached = later.content.size() >= write.content.size();
    if (reached && agrees(later.content, write.content, false)) return {};
    return cards.doubt_image(card, write.file, write.record);
}

result<void> write_one(cards::card_store& cards, cards::card_id card, const proved_writes& proved, std::size_t which,
                       timestamp now) {
    const auto& write = (*proved.writes)[which];
    const auto& before = proved.before[which];
    if (before && !proved.untouched) {
        if (!comparable(before->proof, proved.proof)) return cards.doubt_image(card, write.file, write.record);
        if (before->proof.counter > proved.proof.counter) return keep_later(cards, card, write, *before);
    }
    // A setting is replaced whole. Of what lies behind a shorter write, it proves nothing.
    const bool whole = !before || before->content.size() <= write.content.size() || is_setting(write);
    if (proved.doubted && whole) TESSERA_TRY(clear_doubt(cards, card, write.file, write.record, proved.proof));
    if (whole) return cards.put_image(card, write.file, write.record, write.content, proved.proof, now);
    return cards.put_image(card, write.file, write.record, overlaid(before->content, write.content), proved.proof, now);
}

}  // namespace

bool is_later(const cards::image_proof& one, const cards::image_proof& other) {
    return comparable(one, other) && one.counter > other.counter;
}

bytes overlaid(byte_view before, byte_view content) {
    bytes after = to_bytes(content);
    if (before.size() > content.size()) append(after, before.subspan(content.size()));
    return after;
}

result<void> write_image(cards::card_store& cards, cards::card_id card, const proved_writes& proved, timestamp now) {
    for (std::size_t i = 0; i < proved.writes->size(); ++i) TESSERA_TRY(write_one(cards, card, proved, i, now));
    return {};
}

bool agrees(byte_view expected, byte_view found, bool whole) {
    const auto common = std::min(expected.size(), found.size());
    if (whole && found.size() < expected.size()) return false;
    return std::equal(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(common), expected.begin());
}

result<comparison> read_image(cards::card_store& cards, cards::card_id card, const proved_reading& proved,
                              timestamp now) {
    const auto& before = proved.before;
    if (before && !proved.untouched) {
        if (!comparable(before->proof, proved.proof)) {
            TESSERA_TRY(cards.doubt_image(card, proved.file, proved.record));
            return comparison::overtaken;
        }
        if (before->proof.counter > proved.proof.counter) return comparison::overtaken;
    }
    const bool whole = proved.whole || !before || before->content.size() <= proved.content.size();
    if (proved.doubted && whole) TESSERA_TRY(clear_doubt(cards, card, proved.file, proved.record, proved.proof));
    // Also where nothing differs: the image is of now, and a write whose answer comes late is of before.
    const auto rest = before && !proved.whole ? before->content : byte_view{};
    TESSERA_TRY(cards.put_image(card, proved.file, proved.record, overlaid(rest, proved.content), proved.proof, now));
    if (!before) return comparison::nothing_known;
    if (agrees(before->content, proved.content, proved.whole)) return comparison::same;
    TESSERA_TRY(cards.put_difference(card, proved.file, proved.record, before->content, proved.content, now));
    return comparison::differs;
}

result<void> write_image_after(cards::card_store& cards, cards::card_id card, const std::vector<file_write>& writes,
                               const application_security& security, std::uint64_t counter, timestamp now) {
    TESSERA_TRY_VALUE(const auto image, cards.image(card));
    // Others, or their late answers, may have changed the image meanwhile; the counters know the order.
    proved_writes proved{&writes, {}, {security.key_version, application_of(security.tar), counter}, false, true};
    for (const auto& write : writes) {
        auto& before = proved.before.emplace_back();
        const auto held = std::ranges::find_if(
            image, [&](const auto& entry) { return entry.file == write.file && entry.record == write.record; });
        if (held != image.end()) before.emplace(known_image{held->content, held->proof});
    }
    return write_image(cards, card, proved, now);
}

}  // namespace tessera::operations
