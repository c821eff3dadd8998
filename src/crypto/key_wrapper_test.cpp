#include "crypto/key_wrapper.h"

#include <gtest/gtest.h>

#include <set>

#include "base/hex.h"

namespace tessera::crypto {
namespace {

const bytes plain{1, 2, 3, 4, 5, 6, 7, 8};
const bytes context{0xaa, 0xbb};

std::unique_ptr<key_wrapper> wrapper(std::uint8_t master = 0x4d) {
    return make_software_wrapper(secret(bytes(master_key_octets, master)), system_random());
}
bytes wrapped_by(key_wrapper& with, byte_view key = plain) {
    bytes out;
    EXPECT_TRUE(with.wrap(key, context, out));
    return out;
}

// Nonces that a test knows.
class counting_random final : public random_port {
public:
    void fill(std::span<std::uint8_t> octets) override {
        for (auto& octet : octets) octet = next_++;
    }

private:
    std::uint8_t next_ = 0;
};

TEST(key_wrapper, gives_back_what_was_wrapped) {
    const auto one = wrapper();
    for (const std::size_t octets : {0U, 1U, 16U, 31U, 64U}) {
        const bytes key(octets, 0x5a);
        secret again;
        ASSERT_TRUE(one->unwrap(wrapped_by(*one, key), context, again)) << octets;
        EXPECT_EQ(to_bytes(again.reveal()), key);
        ASSERT_TRUE(one->another()->unwrap(wrapped_by(*one, key), context, again));
        EXPECT_EQ(to_bytes(again.reveal()), key);
    }
}

TEST(key_wrapper, has_the_form_that_its_header_promises) {
    counting_random known;
    const auto one = make_software_wrapper(secret(bytes(master_key_octets, 0)), known);
    bytes out{0xfe};
    ASSERT_TRUE(one->wrap(plain, context, out));
    ASSERT_EQ(out.size(), 1 + 1 + 12 + plain.size() + 16);
    EXPECT_EQ(to_hex(byte_view(out).first(14)), "fe01000102030405060708090a0b");
}

// Computed with Python's `cryptography`, AESGCM(bytes(32)).encrypt(bytes(range(12)), bytes(range(1, 9)), b"\xaa\xbb").
TEST(key_wrapper, is_aes_256_gcm) {
    counting_random known;
    const auto one = make_software_wrapper(secret(bytes(master_key_octets, 0)), known);
    EXPECT_EQ(to_hex(byte_view(wrapped_by(*one)).subspan(13)), "89c9305605fb88f1686d9d03f954f279d537670d5f8ddaea");
}

TEST(key_wrapper, never_wraps_the_same_twice_in_the_same_way) {
    const auto one = wrapper();
    std::set<bytes> seen;
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(seen.insert(wrapped_by(*one)).second);
}

TEST(key_wrapper, refuses_another_context_another_master_key_and_every_change) {
    const auto one = wrapper();
    const auto good = wrapped_by(*one);
    const auto opens = [&](key_wrapper& with, byte_view octets, byte_view of) {
        secret out(bytes{9});
        const auto done = with.unwrap(octets, of, out);
        if (!done) {
            EXPECT_EQ(done.error().code, "bad_wrapping");
            EXPECT_NE(to_bytes(out.reveal()), plain);
        }
        return done.has_value();
    };
    EXPECT_TRUE(opens(*one, good, context));
    EXPECT_FALSE(opens(*one, good, bytes{0xaa, 0xbc}));
    EXPECT_FALSE(opens(*one, good, bytes{}));
    EXPECT_FALSE(opens(*wrapper(0x4e), good, context));
    for (std::size_t at = 0; at < good.size(); ++at) {
        auto changed = good;
        changed[at] ^= 0x80;
        EXPECT_FALSE(opens(*one, changed, context)) << at;
        EXPECT_FALSE(opens(*one, byte_view(good).first(at), context)) << at;
    }
    auto longer = good;
    longer.push_back(0);
    EXPECT_FALSE(opens(*one, longer, context));
    EXPECT_FALSE(opens(*one, bytes(200, 0x01), context));
    EXPECT_TRUE(opens(*one, good, context)) << "a refusal leaves the wrapper usable";
}

}  // namespace
}  // namespace tessera::crypto
