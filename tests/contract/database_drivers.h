// The drivers that the contract is tried on. Each test gets an empty database of its own.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "store/database.h"

namespace tessera::store {

// Where one test's database lives; it goes with this.
class database_place {
public:
    virtual ~database_place() = default;
    // Every call opens the same one, as a program does that starts anew.
    [[nodiscard]] virtual result<std::unique_ptr<database>> open() = 0;
};

struct driver {
    std::string name;
    std::function<std::unique_ptr<database_place>()> place;
};
// How a test names its driver.
inline void PrintTo(const driver& which, std::ostream* out) { *out << which.name; }
[[nodiscard]] std::vector<driver> drivers();

class database_contract : public testing::TestWithParam<driver> {
protected:
    void SetUp() override;
    // "{int}" and the like in the driver's words.
    [[nodiscard]] std::string in_dialect(std::string_view sql) const;
    void run(std::string_view sql);
    // The rows of a query, columns joined by '|', NULL as "-".
    [[nodiscard]] static std::vector<std::string> rows(connection& from, std::string_view sql);
    [[nodiscard]] std::unique_ptr<connection> connect(access mode) const;

    std::unique_ptr<database_place> place;
    std::unique_ptr<database> storage;
    std::unique_ptr<connection> writer;
};

}  // namespace tessera::store
