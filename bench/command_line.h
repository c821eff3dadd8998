// What every bench of whole programs takes from its command line, and how it ends.
#pragma once

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "bench/figures.h"

namespace tessera::bench {

struct bench_command {
    std::string name;       // "campaign": of campaign_bench
    std::size_t cards = 0;  // default
    std::size_t cards_least = 1;
    bool json = false;
    std::filesystem::path directory = std::filesystem::temp_directory_path();
    std::filesystem::path build = std::filesystem::canonical("/proc/self/exe").parent_path().parent_path();

    // Further options with a number each.
    struct number {
        std::string_view word;  // "--parts"
        std::size_t* into;
        std::size_t least, most;
    };
    std::vector<number> more = {};

    [[nodiscard]] std::filesystem::path program() const { return build / "tessera"; }
};

[[nodiscard]] inline bool take_number(std::string_view text, const bench_command::number& of) {
    std::size_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc() || end != text.data() + text.size() || value < of.least || value > of.most) return false;
    *of.into = value;
    return true;
}

[[nodiscard]] inline bool parse(int argc, char** argv, bench_command& into) {
    auto numbers = into.more;
    numbers.push_back({"--cards", &into.cards, into.cards_least, 10'000'000});
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--json") {
            into.json = true;
            continue;
        }
        if (i + 1 == argc) return false;
        const std::string_view value = argv[++i];
        if (word == "--dir") {
            into.directory = value;
            continue;
        }
        bool taken = false;
        for (const auto& one : numbers) taken = taken || (one.word == word && take_number(value, one));
        if (!taken) return false;
    }
    return true;
}

[[nodiscard]] inline std::string usage_of(const bench_command& of) {
    std::string usage = "usage: " + of.name + "_bench [--cards N, at least " + std::to_string(of.cards_least) + "]";
    for (const auto& one : of.more)
        usage += " [" + std::string(one.word) + " " + std::to_string(one.least) + ".." + std::to_string(one.most) + "]";
    return usage + " [--dir DIR] [--json]";
}

// A bench's main(): exit status 0, 1 with what went wrong, or 2 with the usage.
[[nodiscard]] inline int run_bench(int argc, char** argv, bench_command& wanted,
                                   const std::function<result<void>(reporter&)>& measure) {
    if (argc == 2 && std::string_view(argv[1]) == "--help") return std::puts(usage_of(wanted).c_str()) < 0 ? 1 : 0;
    if (!parse(argc, argv, wanted)) {
        std::fprintf(stderr, "%s\n", usage_of(wanted).c_str());
        return 2;
    }
    reporter figures(wanted.name, wanted.json);
    if (const auto done = measure(figures); !done) {
        std::fprintf(stderr, "%s_bench: %s\n", wanted.name.c_str(), to_string(done.error()).c_str());
        return 1;
    }
    return 0;
}

}  // namespace tessera::bench
