// Any octets as the content of any file: what decodes, encodes again at the same length to octets that decode to the
// same value, and these come back octet for octet from then on.
#include <algorithm>
#include <cstdlib>

#include "codec/uicc_files.h"

using namespace tessera;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void there_and_back(const codec::uicc_file& file, byte_view content) {
    const auto value = codec::decode_file(file, content);
    if (!value) return;
    const auto again = codec::encode_file(file, *value, content.size());
    if (!again || again->size() != content.size()) std::abort();
    const auto once_more = codec::decode_file(file, *again);
    if (!once_more || !(*once_more == *value)) std::abort();
    if (codec::encode_file(file, *once_more, content.size()).value_or(bytes{}) != *again) std::abort();
    // Without a length it is as long as it must be, which is never more than what it came from or the file's usual
    // size.
    const auto plain = codec::encode_file(file, *value);
    if (plain && plain->size() > std::max(content.size(), file.octets.usual)) std::abort();
}

}  // namespace

// The first octet chooses the file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto files = codec::uicc_files();
    there_and_back(files[data[0] % files.size()], byte_view(data, size).subspan(1));
    return 0;
}
