#include "tessera/login_name.h"

#include <pwd.h>
#include <unistd.h>

#include <array>

namespace tessera::app {

std::string login_name() {
    passwd entry{};
    passwd* found = nullptr;
    std::array<char, 4096> texts{};
    if (getpwuid_r(::geteuid(), &entry, texts.data(), texts.size(), &found) == 0 && found != nullptr)
        return found->pw_name;
    return "uid " + std::to_string(::geteuid());
}

}  // namespace tessera::app
