#include "sim/uicc_file_system.h"

#include <algorithm>
#include <array>

#include "base/hex.h"

namespace tessera::sim {
namespace {

using enum access_condition;

constexpr std::uint16_t mf = 0x3f00, df_telecom = 0x7f10, df_gsm = 0x7f20, adf_usim = 0x7ff0, df_gsm_access = 0x5f3b,
                        df_5gs = 0x5fc0, current_application = 0x7fff;

constexpr file_entry directory(std::uint16_t parent, std::uint16_t id, file_kind kind, std::string_view name) {
    return {id, parent, kind, 0, 0, 0, always, never, name};
}
constexpr file_entry transparent(std::uint16_t parent, std::uint16_t id, std::uint8_t short_id, std::uint16_t size,
                                 access_condition read, access_condition update, std::string_view name) {
    return {id, parent, file_kind::transparent, short_id, size, 0, read, update, name};
}
constexpr file_entry linear(std::uint16_t parent, std::uint16_t id, std::uint8_t short_id, std::uint16_t record,
                            std::uint16_t count, access_condition read, access_condition update,
                            std::string_view name) {
    const auto size = static_cast<std::uint16_t>(record * count);
    return {id, parent, file_kind::linear_fixed, short_id, size, record, read, update, name};
}
constexpr file_entry cyclic(std::uint16_t parent, std::uint16_t id, std::uint8_t short_id, std::uint16_t record,
                            std::uint16_t count, access_condition read, access_condition update,
                            std::string_view name) {
    const auto size = static_cast<std::uint16_t>(record * count);
    return {id, parent, file_kind::cyclic, short_id, size, record, read, update, name};
}

// Directory after directory, so that the children of one stand together; a directory stands before its children.
constexpr auto files = std::to_array<file_entry>({
    directory(0, mf, file_kind::master, "MF"),

    linear(mf, 0x2f00, 0x1e, 32, 4, always, adm1, "EF.DIR"),
    transparent(mf, 0x2f05, 0x05, 10, always, pin1, "EF.PL"),
    linear(mf, 0x2f06, 0x06, 40, 10, always, adm1, "EF.ARR"),
    transparent(mf, 0x2f08, 0x08, 5, always, adm1, "EF.UMPC"),
    transparent(mf, 0x2fe2, 0x02, 10, always, never, "EF.ICCID"),
    directory(mf, df_telecom, file_kind::dedicated, "DF.TELECOM"),
    directory(mf, df_gsm, file_kind::dedicated, "DF.GSM"),
    directory(mf, adf_usim, file_kind::application, "ADF.USIM"),

    linear(df_telecom, 0x6f06, 0, 40, 10, always, adm1, "EF.ARR"),
    linear(df_telecom, 0x6f3a, 0, 28, 100, pin1, pin1, "EF.ADN"),
    linear(df_telecom, 0x6f3b, 0, 28, 20, pin1, adm1, "EF.FDN"),
    linear(df_telecom, 0x6f3c, 0, 176, 20, pin1, pin1, "EF.SMS"),
    linear(df_telecom, 0x6f3d, 0, 14, 5, pin1, pin1, "EF.CCP"),
    linear(df_telecom, 0x6f40, 0, 28, 4, pin1, pin1, "EF.MSISDN"),
    linear(df_telecom, 0x6f42, 0, 44, 2, pin1, pin1, "EF.SMSP"),
    transparent(df_telecom, 0x6f43, 0, 2, pin1, pin1, "EF.SMSS"),
    cyclic(df_telecom, 0x6f44, 0, 28, 10, pin1, pin1, "EF.LND"),
    linear(df_telecom, 0x6f47, 0, 30, 20, pin1, pin1, "EF.SMSR"),
    linear(df_telecom, 0x6f49, 0, 28, 10, pin1, adm1, "EF.SDN"),
    linear(df_telecom, 0x6f4a, 0, 13, 10, pin1, pin1, "EF.EXT1"),
    linear(df_telecom, 0x6f4b, 0, 13, 5, pin1, adm1, "EF.EXT2"),
    linear(df_telecom, 0x6f4c, 0, 13, 5, pin1, adm1, "EF.EXT3"),

    transparent(df_gsm, 0x6f05, 0, 10, always, pin1, "EF.LP"),
    transparent(df_gsm, 0x6f07, 0, 9, pin1, adm1, "EF.IMSI"),
    transparent(df_gsm, 0x6f20, 0, 9, pin1, pin1, "EF.Kc"),
    transparent(df_gsm, 0x6f30, 0, 240, pin1, pin1, "EF.PLMNsel"),
    transparent(df_gsm, 0x6f31, 0, 1, pin1, adm1, "EF.HPLMN"),
    transparent(df_gsm, 0x6f37, 0, 3, pin1, pin1, "EF.ACMmax"),
    transparent(df_gsm, 0x6f38, 0, 14, pin1, adm1, "EF.SST"),
    cyclic(df_gsm, 0x6f39, 0, 3, 5, pin1, pin1, "EF.ACM"),
    transparent(df_gsm, 0x6f3e, 0, 10, pin1, adm1, "EF.GID1"),
    transparent(df_gsm, 0x6f3f, 0, 10, pin1, adm1, "EF.GID2"),
    transparent(df_gsm, 0x6f41, 0, 5, pin1, pin1, "EF.PUCT"),
    transparent(df_gsm, 0x6f45, 0, 40, pin1, pin1, "EF.CBMI"),
    transparent(df_gsm, 0x6f46, 0, 17, always, adm1, "EF.SPN"),
    transparent(df_gsm, 0x6f48, 0, 20, pin1, adm1, "EF.CBMID"),
    transparent(df_gsm, 0x6f50, 0, 40, pin1, pin1, "EF.CBMIR"),
    transparent(df_gsm, 0x6f52, 0, 9, pin1, pin1, "EF.KcGPRS"),
    transparent(df_gsm, 0x6f53, 0, 14, pin1, pin1, "EF.LOCIGPRS"),
    transparent(df_gsm, 0x6f54, 0, 17, adm1, adm1, "EF.SUME"),
    transparent(df_gsm, 0x6f60, 0, 250, pin1, pin1, "EF.PLMNwAcT"),
    transparent(df_gsm, 0x6f61, 0, 250, pin1, adm1, "EF.OPLMNwAcT"),
    transparent(df_gsm, 0x6f62, 0, 250, pin1, adm1, "EF.HPLMNwAcT"),
    transparent(df_gsm, 0x6f74, 0, 16, pin1, pin1, "EF.BCCH"),
    transparent(df_gsm, 0x6f78, 0, 2, pin1, adm1, "EF.ACC"),
    transparent(df_gsm, 0x6f7b, 0, 12, pin1, pin1, "EF.FPLMN"),
    transparent(df_gsm, 0x6f7e, 0, 11, pin1, pin1, "EF.LOCI"),
    transparent(df_gsm, 0x6fad, 0, 4, always, adm1, "EF.AD"),
    transparent(df_gsm, 0x6fae, 0, 1, always, adm1, "EF.Phase"),
    linear(df_gsm, 0x6fc5, 0, 24, 10, always, adm1, "EF.PNN"),
    linear(df_gsm, 0x6fc6, 0, 8, 10, always, adm1, "EF.OPL"),
    transparent(df_gsm, 0x6fcd, 0, 36, always, adm2, "EF.SPDI"),

    transparent(adf_usim, 0x6f05, 0x02, 10, always, pin1, "EF.LI"),
    linear(adf_usim, 0x6f06, 0x17, 40, 10, always, adm1, "EF.ARR"),
    transparent(adf_usim, 0x6f07, 0x07, 9, pin1, adm1, "EF.IMSI"),
    transparent(adf_usim, 0x6f08, 0x08, 33, pin1, pin1, "EF.Keys"),
    transparent(adf_usim, 0x6f09, 0x09, 33, pin1, pin1, "EF.KeysPS"),
    transparent(adf_usim, 0x6f31, 0x12, 1, pin1, adm1, "EF.HPPLMN"),
    transparent(adf_usim, 0x6f37, 0, 3, pin1, pin1, "EF.ACMmax"),
    transparent(adf_usim, 0x6f38, 0x04, 16, pin1, adm1, "EF.UST"),
    cyclic(adf_usim, 0x6f39, 0, 3, 5, pin1, pin1, "EF.ACM"),
    linear(adf_usim, 0x6f3b, 0, 28, 20, pin1, adm1, "EF.FDN"),
    linear(adf_usim, 0x6f3c, 0, 176, 20, pin1, pin1, "EF.SMS"),
    transparent(adf_usim, 0x6f3e, 0, 10, pin1, adm1, "EF.GID1"),
    transparent(adf_usim, 0x6f3f, 0, 10, pin1, adm1, "EF.GID2"),
    linear(adf_usim, 0x6f40, 0, 28, 4, pin1, pin1, "EF.MSISDN"),
    transparent(adf_usim, 0x6f41, 0, 5, pin1, pin1, "EF.PUCT"),
    linear(adf_usim, 0x6f42, 0, 44, 2, pin1, pin1, "EF.SMSP"),
    transparent(adf_usim, 0x6f43, 0, 2, pin1, pin1, "EF.SMSS"),
    transparent(adf_usim, 0x6f45, 0, 40, pin1, pin1, "EF.CBMI"),
    transparent(adf_usim, 0x6f46, 0, 17, always, adm1, "EF.SPN"),
    linear(adf_usim, 0x6f47, 0, 30, 20, pin1, pin1, "EF.SMSR"),
    transparent(adf_usim, 0x6f48, 0x0e, 20, pin1, adm1, "EF.CBMID"),
    linear(adf_usim, 0x6f49, 0, 28, 10, pin1, adm1, "EF.SDN"),
    linear(adf_usim, 0x6f4b, 0, 13, 5, pin1, adm1, "EF.EXT2"),
    transparent(adf_usim, 0x6f50, 0, 40, pin1, pin1, "EF.CBMIR"),
    transparent(adf_usim, 0x6f56, 0x05, 1, pin1, adm2, "EF.EST"),
    transparent(adf_usim, 0x6f57, 0, 30, pin1, adm1, "EF.ACL"),
    transparent(adf_usim, 0x6f5b, 0x0f, 6, pin1, pin1, "EF.START-HFN"),
    transparent(adf_usim, 0x6f5c, 0x10, 3, pin1, adm1, "EF.THRESHOLD"),
    transparent(adf_usim, 0x6f60, 0x0a, 250, pin1, pin1, "EF.PLMNwAcT"),
    transparent(adf_usim, 0x6f61, 0x11, 250, pin1, adm1, "EF.OPLMNwAcT"),
    transparent(adf_usim, 0x6f62, 0x13, 250, pin1, adm1, "EF.HPLMNwAcT"),
    transparent(adf_usim, 0x6f73, 0x0c, 14, pin1, pin1, "EF.PSLOCI"),
    transparent(adf_usim, 0x6f78, 0x06, 2, pin1, adm1, "EF.ACC"),
    transparent(adf_usim, 0x6f7b, 0x0d, 12, pin1, pin1, "EF.FPLMN"),
    transparent(adf_usim, 0x6f7e, 0x0b, 11, pin1, pin1, "EF.LOCI"),
    cyclic(adf_usim, 0x6f80, 0x14, 40, 10, pin1, pin1, "EF.ICI"),
    cyclic(adf_usim, 0x6f81, 0x15, 40, 10, pin1, pin1, "EF.OCI"),
    transparent(adf_usim, 0x6fad, 0x03, 4, always, adm1, "EF.AD"),
    linear(adf_usim, 0x6fb7, 0x01, 20, 5, always, adm1, "EF.ECC"),
    transparent(adf_usim, 0x6fc4, 0, 40, pin1, pin1, "EF.NETPAR"),
    linear(adf_usim, 0x6fc5, 0x19, 24, 10, always, adm1, "EF.PNN"),
    linear(adf_usim, 0x6fc6, 0x1a, 8, 10, always, adm1, "EF.OPL"),
    transparent(adf_usim, 0x6fcd, 0x1b, 36, always, adm1, "EF.SPDI"),
    transparent(adf_usim, 0x6fd9, 0x1d, 60, pin1, adm1, "EF.EHPLMN"),
    transparent(adf_usim, 0x6fe3, 0x1e, 18, pin1, pin1, "EF.EPSLOCI"),
    linear(adf_usim, 0x6fe4, 0x18, 54, 1, pin1, pin1, "EF.EPSNSC"),
    transparent(adf_usim, 0x6fe8, 0, 60, pin1, adm1, "EF.NASCONFIG"),
    directory(adf_usim, df_gsm_access, file_kind::dedicated, "DF.GSM-ACCESS"),
    directory(adf_usim, df_5gs, file_kind::dedicated, "DF.5GS"),

    transparent(df_gsm_access, 0x4f20, 0x01, 9, pin1, pin1, "EF.Kc"),
    transparent(df_gsm_access, 0x4f52, 0x02, 9, pin1, pin1, "EF.KcGPRS"),
    transparent(df_gsm_access, 0x4f63, 0, 10, pin1, adm1, "EF.CPBCCH"),
    transparent(df_gsm_access, 0x4f64, 0, 1, pin1, adm1, "EF.InvScan"),

    transparent(df_5gs, 0x4f01, 0x01, 20, pin1, pin1, "EF.5GS3GPPLOCI"),
    transparent(df_5gs, 0x4f02, 0x02, 20, pin1, pin1, "EF.5GSN3GPPLOCI"),
    linear(df_5gs, 0x4f03, 0x03, 62, 1, pin1, pin1, "EF.5GS3GPPNSC"),
    transparent(df_5gs, 0x4f06, 0x06, 4, pin1, adm1, "EF.UAC-AIC"),
    transparent(df_5gs, 0x4f07, 0x07, 120, pin1, adm1, "EF.SUCI-Calc-Info"),
    transparent(df_5gs, 0x4f0a, 0x0a, 4, pin1, adm1, "EF.Routing-Indicator"),
});

struct relations {
    std::array<file_index, files.size()> parent{};
    std::array<file_index, files.size()> first_child{};  // of a directory: its children are [first, last)
    std::array<file_index, files.size()> last_child{};
};

constexpr relations related = [] {
    relations made{};
    for (file_index i = 0; i < files.size(); ++i) {
        if (!files[i].is_directory()) continue;
        for (file_index j = 1; j < files.size(); ++j) {
            if (files[j].parent != files[i].id) continue;
            if (made.last_child[i] == 0) made.first_child[i] = j;
            made.last_child[i] = static_cast<file_index>(j + 1);
            made.parent[j] = i;
        }
    }
    return made;
}();

constexpr bool catalogue_is_sound() {
    for (file_index i = 0; i < files.size(); ++i) {
        if (files[i].size > file_octets_max) return false;
        if (!files[i].is_directory() && files[i].size == 0) return false;
        if (files[i].record_octets > 255) return false;
        if (i > 0 && files[related.parent[i]].id != files[i].parent) return false;
        if (i > 0 && related.parent[i] >= i) return false;
        for (file_index j = related.first_child[i]; j < related.last_child[i]; ++j)
            if (files[j].parent != files[i].id) return false;
        for (file_index j = 0; j < i; ++j)
            if (files[j].parent == files[i].parent && files[j].id == files[i].id) return false;
    }
    return true;
}
static_assert(catalogue_is_sound(), "the children of a directory stand together, ids are unique, sizes are bounded");

constexpr file_index usim = [] {
    file_index i = 0;
    while (files[i].id != adf_usim) ++i;
    return i;
}();

// A0000000871002 is the USIM's registered identifier and application code (ETSI TS 101 220 annex E).
constexpr std::array<std::uint8_t, 7> usim_name{0xa0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02};

// The application a directory belongs to, or no_file when it stands outside of any.
file_index application_of(file_index directory) {
    while (directory != master_file && files[directory].kind != file_kind::application)
        directory = related.parent[directory];
    return directory == master_file ? no_file : directory;
}

}  // namespace

std::span<const file_entry> catalogue() { return files; }
file_index parent_of(file_index file) { return related.parent[file]; }
file_index application_usim() { return usim; }

file_index child_of(file_index directory, std::uint16_t id) {
    for (file_index i = related.first_child[directory]; i < related.last_child[directory]; ++i)
        if (files[i].id == id) return i;
    return no_file;
}

file_index child_by_short_id(file_index directory, std::uint8_t short_id) {
    if (short_id == 0) return no_file;
    for (file_index i = related.first_child[directory]; i < related.last_child[directory]; ++i)
        if (files[i].short_id == short_id) return i;
    return no_file;
}

file_index application_by_name(byte_view name) {
    constexpr std::size_t shortest = 5;
    if (name.size() < shortest) return no_file;
    const auto common = std::min(name.size(), usim_name.size());
    return std::equal(name.begin(), name.begin() + static_cast<std::ptrdiff_t>(common), usim_name.begin()) ? usim
                                                                                                           : no_file;
}

file_index select_by_id(file_index directory, std::uint16_t id) {
    if (id == mf) return master_file;
    if (id == current_application) {
        const auto application = application_of(directory);
        return application == no_file ? usim : application;
    }
    if (files[directory].id == id) return directory;
    if (const auto child = child_of(directory, id); child != no_file) return child;
    const auto parent = related.parent[directory];
    if (files[parent].id == id) return parent;
    const auto sibling = child_of(parent, id);
    return sibling != no_file && files[sibling].is_directory() ? sibling : no_file;
}

file_index select_by_path(file_index directory, byte_view path) {
    if (path.empty() || path.size() % 2 != 0) return no_file;
    file_index found = directory;
    for (std::size_t i = 0; i < path.size(); i += 2) {
        const auto id = static_cast<std::uint16_t>(path[i] << 8U | path[i + 1]);
        if (i == 0 && id == current_application) {
            found = usim;
            continue;
        }
        found = child_of(found, id);
        if (found == no_file) return no_file;
    }
    return found;
}

std::optional<file_index> find_path(std::string_view path) {
    constexpr std::size_t deepest = 5;
    file_index found = master_file;
    for (std::size_t step = 0; step < deepest; ++step) {
        const auto slash = path.find('/');
        std::array<std::uint8_t, 2> id{};
        if (!from_hex_into(path.substr(0, slash), id)) return std::nullopt;
        const auto value = static_cast<std::uint16_t>(id[0] << 8U | id[1]);
        if (step != 0 || value != mf) found = value == current_application ? usim : child_of(found, value);
        if (found == no_file) return std::nullopt;
        if (slash == std::string_view::npos) return found;
        path.remove_prefix(slash + 1);
    }
    return std::nullopt;
}

std::string path_of(file_index file) {
    const auto name = [](file_index of) {
        const std::array<std::uint8_t, 2> id{static_cast<std::uint8_t>(files[of].id >> 8U),
                                             static_cast<std::uint8_t>(files[of].id)};
        return to_hex(id);
    };
    std::string path = name(file);
    for (auto at = related.parent[file]; at != master_file; at = related.parent[at]) path = name(at) + "/" + path;
    return path;
}

}  // namespace tessera::sim
