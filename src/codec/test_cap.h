// A minimal CAP file for tests: one package, one applet, every component with the right tag and length.
#pragma once

#include <zip.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/hex.h"

namespace tessera::codec {

struct test_package {
    std::string aid = "a00000062501";
    std::vector<std::string> applets{"a0000006250101"};
    std::uint8_t version_major = 1, version_minor = 0;
    std::size_t method_octets = 40;  // how large it is
    std::uint8_t filling = 0x7a;
};

inline bytes test_component(std::uint8_t tag, byte_view info) {
    bytes out{tag};
    append_big_endian(out, info.size(), 2);
    append(out, info);
    return out;
}

// By name, as a converter names them.
inline std::map<std::string, bytes> test_components(const test_package& what = {}) {
    const auto aid = from_hex(what.aid).value();
    bytes header = from_hex("decaffed010204").value();
    append(header, bytes{what.version_minor, what.version_major, static_cast<std::uint8_t>(aid.size())});
    append(header, aid);
    bytes applets{static_cast<std::uint8_t>(what.applets.size())};
    for (const auto& one : what.applets) {
        const auto octets = from_hex(one).value();
        applets.push_back(static_cast<std::uint8_t>(octets.size()));
        append(applets, octets);
        append(applets, bytes{0, 1});
    }
    std::map<std::string, bytes> made{{"Header", test_component(1, header)},
                                      {"Directory", test_component(2, bytes(31, 0))},
                                      {"Import", test_component(4, bytes{0})},
                                      {"Class", test_component(6, bytes(12, 6))},
                                      {"Method", test_component(7, bytes(what.method_octets, what.filling))},
                                      {"StaticField", test_component(8, bytes(10, 0))},
                                      {"Export", test_component(10, bytes{0})},
                                      {"ConstantPool", test_component(5, bytes{0, 0})},
                                      {"RefLocation", test_component(9, bytes(4, 0))},
                                      {"Descriptor", test_component(11, bytes(20, 1))},
                                      {"Debug", test_component(12, bytes(50, 2))}};
    if (!what.applets.empty()) made["Applet"] = test_component(3, applets);
    return made;
}

inline bytes test_zip(const std::vector<std::pair<std::string, bytes>>& entries) {
    zip_error_t problem;
    zip_error_init(&problem);
    auto* source = zip_source_buffer_create(nullptr, 0, 0, &problem);
    zip_source_keep(source);
    auto* archive = zip_open_from_source(source, ZIP_TRUNCATE, &problem);
    for (const auto& [name, octets] : entries) {
        auto* piece = zip_source_buffer(archive, octets.data(), octets.size(), 0);
        zip_file_add(archive, name.c_str(), piece, ZIP_FL_ENC_UTF_8);
    }
    zip_close(archive);
    zip_stat_t status;
    zip_stat_init(&status);
    zip_source_stat(source, &status);
    bytes out(status.size);
    zip_source_open(source);
    zip_source_read(source, out.data(), out.size());
    zip_source_close(source);
    zip_source_free(source);
    return out;
}

inline bytes test_cap(const test_package& what = {}) {
    std::vector<std::pair<std::string, bytes>> entries{
        {"META-INF/MANIFEST.MF", to_bytes(as_bytes("Manifest-Version: 1.0\n"))}};
    for (const auto& [name, octets] : test_components(what))
        entries.emplace_back("com/example/loyalty/javacard/" + name + ".cap", octets);
    return test_zip(entries);
}

}  // namespace tessera::codec
