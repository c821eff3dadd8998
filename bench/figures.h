// Figures of a bench: a line each, or with --json an object each: {bench, figure, value, unit, compared_to, ratio}.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace tessera::bench {

struct figure {
    std::string name;
    double value = 0;
    std::string_view unit;
    std::string_view compared_to;  // empty: to nothing
    double ratio = 0;
};

class reporter {
public:
    reporter(std::string_view bench, bool json) : bench_(bench), json_(json) {}
    void add(const figure& one) const {
        const bool compared = !one.compared_to.empty();
        if (json_) {
            const auto other = compared ? "\"" + std::string(one.compared_to) + "\"" : std::string("null");
            const auto ratio = compared ? std::to_string(one.ratio) : std::string("null");
            std::printf(
                "{\"bench\":\"%s\",\"figure\":\"%s\",\"value\":%.6g,\"unit\":\"%s\",\"compared_to\":%s,\"ratio\":%s}\n",
                std::string(bench_).c_str(), std::string(one.name).c_str(), one.value, std::string(one.unit).c_str(),
                other.c_str(), ratio.c_str());
        } else {
            std::printf("%-28s %14.1f %-10s", std::string(one.name).c_str(), one.value, std::string(one.unit).c_str());
            if (compared) std::printf(" %10.3f x %s", one.ratio, std::string(one.compared_to).c_str());
            std::printf("\n");
        }
        std::fflush(stdout);
    }

private:
    std::string_view bench_;
    bool json_;
};

}  // namespace tessera::bench
