// Rows that go to a table many at a time, as the port takes them; row_batch.h makes them.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace tessera::store {

// "INSERT INTO t (a, b) VALUES", 2, "ON CONFLICT ...". An object of static duration: connections keep its statements by
// its address.
struct row_shape {
    const char* insert = nullptr;
    int columns = 0;
    const char* then = "";
    const char* copy = nullptr;  // the same table and columns, "t (a, b)"; of rows that meet no others of their key
};

// Of one column of one row.
struct row_value {
    enum class kind : std::uint8_t { null, integer, text, octets };
    kind what = kind::null;
    std::int64_t number = 0;
    byte_view octets;  // of text and octets
};

}  // namespace tessera::store
