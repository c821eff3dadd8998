#include "store/postgres/postgres_database.h"

#include <array>
#include <bit>
#include <deque>
#include <map>
#include <vector>

#include "store/postgres/postgres_link.h"
#include "store/postgres/postgres_values.h"

namespace tessera::store {
namespace {

constexpr int binary_format = 1;

// SQL whose types the server cannot tell without those of the parameters is looked at again when they are known.
bool wants_types(std::string_view state) {
    return state == "42P18"      // indeterminate_datatype
           || state == "42P08"   // ambiguous_parameter
           || state == "42725"   // ambiguous_function
           || state == "42883"   // undefined_function: there is no such operator
           || state == "42804";  // datatype_mismatch
}

class postgres_statement final : public statement {
public:
    postgres_statement(postgres_link& link, std::string sql) : link_(&link), sql_(std::move(sql)) {}
    ~postgres_statement() override {
        reset();
        if (session_ != link_->session()) return;
        for (auto& one : variants_) link_->forget(std::move(one.name));
    }
    postgres_statement(const postgres_statement&) = delete;
    postgres_statement& operator=(const postgres_statement&) = delete;

    void bind(int index, std::int64_t value) override {
        auto& into = place(index);
        into.type = postgres_type::int8;
        auto rest = static_cast<std::uint64_t>(value);
        for (auto octet = into.integer.rbegin(); octet != into.integer.rend(); ++octet, rest >>= 8U)
            *octet = static_cast<char>(rest & 0xffU);
    }
    void bind(int index, std::string_view value) override {
        auto& into = place(index);
        into.type = postgres_type::text;
        into.view = value;
    }
    void bind(int index, byte_view value) override {
        auto& into = place(index);
        into.type = postgres_type::octets;
        into.view = {reinterpret_cast<const char*>(value.data()), value.size()};
    }
    void bind_null(int index) override { place(index).type = unknown_type; }

    result<bool> step() override {
        if (!rows_) {
            auto begun = start();
            // Outside a transaction, what only reads may be asked again.
            if (!begun && link_->lost() && link_->reads_only() && !link_->in_transaction()) begun = start();
            if (!begun) return std::unexpected(std::move(begun).error());
        }
        if (++row_ < PQntuples(rows_.get())) return true;
        if (cursor_open_ && row_ == static_cast<int>(limits::rows_fetched)) {
            TESSERA_TRY(fetch());
            if (++row_ < PQntuples(rows_.get())) return true;
        }
        reset();
        return false;
    }
    void reset() override {
        rows_.reset();
        if (!cursor_open_) return;
        cursor_open_ = false;
        // Where the transaction is over the cursor is, too.
        if (!link_->in_transaction() || cursor_transaction_ != link_->transactions()) return;
        [[maybe_unused]] const auto closed = link_->run("CLOSE " + cursor_);  // commit() tells of what failed
    }
    void in_pieces() override { in_pieces_ = true; }

    result<void> queue() override {
        if (!link_->in_transaction()) return execute();
        reset();
        TESSERA_TRY_VALUE(const auto* made, prepared());
        gather();
        return link_->queue_prepared(made->name, {values_, lengths_, formats_});
    }

    std::int64_t integer(int column) const override {
        const auto value = raw(column);
        return binary_ ? integer_from_binary(type_of(column), value) : integer_from_text(value);
    }
    std::string_view text(int column) const override {
        const auto type = type_of(column);
        if (!binary_ || !is_number(type) || is_null(column)) return raw(column);
        return texts_[column] = std::to_string(integer(column));
    }
    byte_view octets(int column) const override {
        const auto value = raw(column);
        return {reinterpret_cast<const std::uint8_t*>(value.data()), value.size()};
    }
    bool is_null(int column) const override { return PQgetisnull(rows_.get(), row_, column) == 1; }

private:
    static constexpr auto unknown_type = static_cast<postgres_type>(0);
    struct parameter {
        postgres_type type = unknown_type;  // unknown: NULL
        std::array<char, 8> integer{};
        std::string_view view;
    };
    // As the server knows it, for one combination of parameter types.
    struct variant {
        std::string name;
        std::vector<Oid> types;
        bool binary = false;  // results: where octets are among them, since their text is twice as long
        bool cursor = false;
    };

    parameter& place(int index) {
        const auto at = static_cast<std::size_t>(index);
        if (parameters_.size() < at) parameters_.resize(at);
        return parameters_[at - 1];
    }
    [[nodiscard]] std::string_view raw(int column) const {
        return {PQgetvalue(rows_.get(), row_, column),
                static_cast<std::size_t>(PQgetlength(rows_.get(), row_, column))};
    }
    [[nodiscard]] static bool is_number(postgres_type type) {
        using enum postgres_type;
        return type == boolean || type == int2 || type == int4 || type == int8 || type == numeric;
    }
    [[nodiscard]] postgres_type type_of(int column) const {
        return static_cast<postgres_type>(PQftype(rows_.get(), column));
    }

    result<void> start() {
        TESSERA_TRY_VALUE(const auto* made, prepared());
        gather();
        const bool by_cursor = in_pieces_ && link_->in_transaction();
        TESSERA_TRY_VALUE(rows_, link_->run_prepared(made->name, {values_, lengths_, formats_}, made->binary));
        binary_ = made->binary;
        row_ = -1;
        if (!by_cursor) return {};
        cursor_open_ = true;
        cursor_transaction_ = link_->transactions();
        return fetch();
    }
    result<void> fetch() {
        rows_.reset();
        TESSERA_TRY_VALUE(rows_,
                          link_->run_for_binary("FETCH " + std::to_string(limits::rows_fetched) + " FROM " + cursor_));
        binary_ = true;
        row_ = -1;
        return {};
    }

    // NULL goes with every type.
    [[nodiscard]] bool fits(const variant& one) const {
        if (one.cursor != (in_pieces_ && link_->in_transaction())) return false;
        for (std::size_t i = 0; i < parameters_.size(); ++i)
            if (parameters_[i].type != unknown_type && one.types[i] != static_cast<Oid>(parameters_[i].type))
                return false;
        return one.types.size() == parameters_.size();
    }

    result<const variant*> prepared() {
        TESSERA_TRY(link_->ensure());
        if (session_ != link_->session()) variants_.clear();
        session_ = link_->session();
        for (const auto& one : variants_)
            if (fits(one)) return &one;
        variant made;
        made.name = link_->next_name();
        made.cursor = in_pieces_ && link_->in_transaction();
        if (made.cursor && cursor_.empty()) cursor_ = "rows_of_" + made.name;
        for (const auto& one : parameters_) made.types.push_back(static_cast<Oid>(one.type));
        const auto sql = made.cursor ? "DECLARE " + cursor_ + " NO SCROLL CURSOR FOR " + sql_ : sql_;
        TESSERA_TRY(link_->prepare(made.name, sql, made.types));
        TESSERA_TRY_VALUE(const auto described, link_->describe(made.name));
        // What stands for a NULL this time has a type, too, and may have a value the next time.
        for (std::size_t i = 0; i < made.types.size(); ++i)
            made.types[i] = PQparamtype(described.get(), static_cast<int>(i));
        for (int i = 0; i < PQnfields(described.get()); ++i)
            made.binary |= static_cast<postgres_type>(PQftype(described.get(), i)) == postgres_type::octets;
        return &variants_.emplace_back(std::move(made));
    }

    void gather() {
        values_.clear(), lengths_.clear(), formats_.clear();
        for (const auto& one : parameters_) {
            const std::string_view value =
                one.type == postgres_type::int8 ? std::string_view(one.integer.data(), one.integer.size()) : one.view;
            // A null pointer means NULL; empty text and octets are not NULL.
            const char* const begin = value.data() == nullptr ? "" : value.data();
            values_.push_back(one.type == unknown_type ? nullptr : begin);
            lengths_.push_back(static_cast<int>(value.size()));
            formats_.push_back(binary_format);
        }
    }

    postgres_link* link_;
    std::string sql_;
    std::vector<parameter> parameters_;
    std::deque<variant> variants_;  // addresses stay
    std::int64_t session_ = -1;
    result_ptr rows_;
    int row_ = -1;
    bool binary_ = false;
    bool in_pieces_ = false;
    bool cursor_open_ = false;
    std::int64_t cursor_transaction_ = 0;
    std::string cursor_;
    mutable std::map<int, std::string> texts_;
    std::vector<const char*> values_;
    std::vector<int> lengths_;
    std::vector<int> formats_;
};

class postgres_connection final : public connection {
public:
    postgres_connection(const postgres_settings& settings, access mode) : link_(settings, mode) {}
    ~postgres_connection() override { forget_statements(); }

    [[nodiscard]] result<void> connect() { return link_.connect(); }

    result<void> execute(std::string_view sql) override {
        TESSERA_TRY(link_.run(std::string(sql)));
        return {};
    }
    result<std::unique_ptr<statement>> prepare(std::string_view sql) override {
        if (sql.find_first_not_of(" \t\r\n;") == std::string_view::npos)
            return failure(code_database, "database", "prepare: expected exactly one statement");
        // A first look by the server, so that a mistake is told here; in a transaction it would end that.
        if (!link_.in_transaction()) {
            TESSERA_TRY(link_.ensure());
            const auto looked = link_.prepare("", std::string(sql), {});
            if (!looked && !wants_types(link_.last_state())) return std::unexpected(looked.error());
        }
        return std::make_unique<postgres_statement>(link_, std::string(sql));
    }
    std::int64_t changed() const override { return link_.changed(); }
    bool copies() const override { return true; }
    result<void> copy(const row_shape& shape, std::span<const row_value> values) override {
        return link_.copy("COPY " + std::string(shape.copy) + " FROM STDIN (FORMAT binary)",
                          copy_octets(shape.columns, values));
    }

    result<void> begin() override { return link_.begin(false); }
    result<void> begin_lazily() override { return link_.begin(true); }
    result<void> commit() override { return link_.commit(); }
    void rollback() override { link_.rollback(); }
    // With pauses of up to limits::conflict_pause_max between them: as long as SQLite's one writer is waited for.
    int attempts() const override { return limits::conflict_attempts; }

private:
    postgres_link link_;
};

class postgres_database final : public database {
public:
    explicit postgres_database(postgres_settings settings) : settings_(std::move(settings)) {}

    result<std::unique_ptr<connection>> connect(access mode) override {
        auto made = std::make_unique<postgres_connection>(settings_, mode);
        TESSERA_TRY(made->connect());
        return made;
    }
    std::string_view dialect_word(std::string_view token) const override {
        if (token == "int") return "BIGINT";
        if (token == "blob") return "BYTEA";
        return {};  // {table}, {clustered}, {server_only}: as they are
    }

private:
    postgres_settings settings_;
};

}  // namespace

result<std::unique_ptr<database>> open_postgres(const postgres_settings& settings) {
    TESSERA_TRY(check_address(settings.address));
    auto made = std::make_unique<postgres_database>(settings);
    TESSERA_TRY(made->connect(access::write));
    return made;
}

}  // namespace tessera::store
