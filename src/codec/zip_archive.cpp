#include "codec/zip_archive.h"

#include <zip.h>

#include <memory>

namespace tessera::codec {
namespace {

struct discard {
    void operator()(zip_t* archive) const { zip_discard(archive); }
    void operator()(zip_file_t* file) const { zip_fclose(file); }
};

std::unexpected<error> bad_zip(std::string what) { return failure("bad_zip", "archive", std::move(what)); }

result<std::unique_ptr<zip_t, discard>> open_archive(byte_view archive) {
    zip_error_t problem;
    zip_error_init(&problem);
    auto* source = zip_source_buffer_create(archive.data(), archive.size(), 0, &problem);
    auto* opened = source == nullptr ? nullptr : zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &problem);
    if (opened == nullptr) {
        std::string why = zip_error_strerror(&problem);
        if (source != nullptr) zip_source_free(source);
        zip_error_fini(&problem);
        return bad_zip("this is no zip archive that can be read: " + why);
    }
    zip_error_fini(&problem);
    return std::unique_ptr<zip_t, discard>(opened);
}

// Unpacks no more than one octet beyond the bound, since the archive's own figures prove nothing.
result<bytes> unpack(zip_t* archive, zip_uint64_t index, std::string_view name, std::size_t most) {
    const std::unique_ptr<zip_file_t, discard> file(zip_fopen_index(archive, index, 0));
    if (!file) return bad_zip(std::string(name) + " cannot be unpacked: " + zip_strerror(archive));
    bytes octets;
    constexpr std::size_t piece = 16'384;
    for (;;) {
        const auto before = octets.size();
        octets.resize(before + std::min(piece, most + 1 - before));
        const auto got = zip_fread(file.get(), octets.data() + before, octets.size() - before);
        if (got < 0) return bad_zip(std::string(name) + " is damaged: " + zip_file_strerror(file.get()));
        octets.resize(before + static_cast<std::size_t>(got));
        if (octets.size() > most)
            return failure("too_long", "archive",
                           std::string(name) + " has more than " + std::to_string(most) + " octets");
        if (got == 0) return octets;
    }
}

}  // namespace

result<std::vector<zip_entry>> read_zip(byte_view archive, const zip_bounds& bounds,
                                        const std::function<bool(std::string_view name)>& wanted) {
    TESSERA_TRY_VALUE(const auto opened, open_archive(archive));
    const auto count = zip_get_num_entries(opened.get(), 0);
    if (count < 0 || static_cast<std::uint64_t>(count) > bounds.entries)
        return failure("too_long", "archive", "holds more than " + std::to_string(bounds.entries) + " entries");
    std::vector<zip_entry> found;
    for (zip_uint64_t index = 0; index < static_cast<zip_uint64_t>(count); ++index) {
        const char* name = zip_get_name(opened.get(), index, ZIP_FL_ENC_RAW);
        if (name == nullptr || !wanted(name)) continue;
        zip_entry entry{.name = name, .octets = {}};
        TESSERA_TRY_VALUE(entry.octets, unpack(opened.get(), index, name, bounds.entry_octets));
        found.push_back(std::move(entry));
    }
    return found;
}

}  // namespace tessera::codec
