#include <libpq-fe.h>

#include <algorithm>
#include <string_view>

#include "store/postgres/postgres_database.h"

namespace tessera::store {
namespace {

struct free_options {
    void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

// A password with an unescaped @, / or : in it ends up in other fields, which libpq's errors quote.
bool misplaced(std::string_view keyword, std::string_view value) {
    if (keyword == "port") return value.find_first_not_of("0123456789,") != std::string_view::npos;
    if (keyword == "host") return value.find('@', 1) != std::string_view::npos;  // @name: an abstract socket
    return keyword == "dbname" && value.find('@') != std::string_view::npos;
}

}  // namespace

result<void> check_address(const std::string& address) {
    const auto refuse = [](std::string why) { return failure("bad_value", "database", std::move(why)); };
    const std::unique_ptr<PQconninfoOption, free_options> options(PQconninfoParse(address.c_str(), nullptr));
    if (!options || address.find('\0') != std::string::npos)
        return refuse("the address of PostgreSQL cannot be read: postgresql://USER@HOST/NAME is expected");
    for (const auto* one = options.get(); one->keyword != nullptr; ++one) {
        if (one->val == nullptr) continue;
        const std::string_view keyword = one->keyword;
        if (keyword == "password" || keyword == "sslpassword")
            return refuse(
                "its address must not hold a password: put that into ~/.pgpass, a file that PGPASSFILE "
                "names, or one that passfile= in the address names");
        if (misplaced(keyword, one->val))
            return refuse("the address of PostgreSQL has a " + std::string(keyword) + " that is none");
    }
    return {};
}

}  // namespace tessera::store
