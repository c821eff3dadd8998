#!/usr/bin/env python3
"""Every rule of check_tree.py, broken once and kept once."""

import unittest

from check_tree import Finding, check

ROOM = {"src/base/CMakeLists.txt": "", "src/base/README.md": ""}


def rules(files):
    return [(finding.path, finding.line, finding.rule) for finding in check(files)]


def room(name, **sources):
    tree = {f"src/{name}/CMakeLists.txt": "", f"src/{name}/README.md": ""}
    tree.update({f"src/{name}/{file}": text for file, text in sources.items()})
    return tree


def source(text, path="src/campaigns/x.cpp"):
    """Rules that one source file breaks."""
    folder = path.split("/")[1]
    return [rule for where, _, rule in rules({**room(folder), path: text}) if where == path]


class Floors(unittest.TestCase):
    def test_downwards_is_allowed(self):
        self.assertEqual(source('#include "base/hex.h"\n#include "operations/access.h"\n'), [])

    def test_own_room_is_allowed(self):
        self.assertEqual(source('#include "campaigns/x.h"\n'), [])

    def test_upwards_is_not(self):
        self.assertEqual(source('#include "campaigns/x.h"\n', "src/base/x.cpp"), ["floor"])

    def test_neighbours_are_not(self):
        self.assertEqual(source('#include "wallet/x.h"\n'), ["floor"])
        self.assertEqual(source('#include "net/x.h"\n', "src/store/x.cpp"), ["floor"])

    def test_codec_may_use_crypto_but_not_the_other_way(self):
        self.assertEqual(source('#include "crypto/x.h"\n', "src/codec/x.cpp"), [])
        self.assertEqual(source('#include "codec/x.h"\n', "src/crypto/x.cpp"), ["floor"])

    def test_apps_may_include_every_room_but_sim(self):
        self.assertEqual(source('#include "campaigns/x.h"\n', "apps/tessera/card.cpp"), [])
        self.assertEqual(source('#include "sim/x.h"\n', "apps/tessera/card.cpp"), ["sim-include"])

    def test_who_may_include_sim(self):
        for path in ("apps/tessera/sim_smsc.cpp", "apps/tessera/demo.cpp", "src/sim/x.cpp"):
            self.assertEqual(source('#include "sim/x.h"\n', path), [], path)
        self.assertEqual(source('#include "sim/x.h"\n', "src/telecom/x_test.cpp"), ["sim-include"])

    def test_sim_does_not_know_what_it_tests(self):
        self.assertEqual(source('#include "campaigns/x.h"\n', "src/sim/x.cpp"), ["floor"])
        self.assertEqual(source('#include "telecom/x.h"\n', "src/sim/x.cpp"), ["floor"])

    def test_a_comment_is_no_include(self):
        self.assertEqual(source('// #include "wallet/x.h"\n'), [])


class Includes(unittest.TestCase):
    def test_relative(self):
        self.assertEqual(source('#include "../base/hex.h"\n'), ["relative-include"])

    def test_without_room(self):
        self.assertEqual(source('#include "x.h"\n'), ["include-path"])
        self.assertEqual(source("#include <base/hex.h>\n"), ["include-path"])

    def test_libraries(self):
        for header, allowed in (("boost/asio/post.hpp", "src/telecom/x.cpp"), ("toml++/toml.h", "src/sim/faults.cpp"),
                                ("toml.hpp", "src/campaigns/campaign_file.cpp"), ("CLI/CLI.hpp", "apps/tessera/x.cpp"),
                                ("spdlog/spdlog.h", "src/base/log.cpp"), ("sqlite3.h", "src/store/sqlite/x.cpp"),
                                ("openssl/evp.h", "src/crypto/x.cpp"), ("openssl/evp.h", "src/codec/x_test.cpp")):
            self.assertEqual(source(f"#include <{header}>\n", allowed), [], header)
            self.assertEqual(source(f"#include <{header}>\n", "src/cards/x.cpp"), ["library-include"], header)

    def test_asio_stays_out_of_telecoms_headers(self):
        self.assertIn("library-include", source("#pragma once\n#include <boost/asio/post.hpp>\n", "src/telecom/x.h"))

    def test_standard_headers_are_free(self):
        self.assertEqual(source("#include <format>\n#include <system_error>\n"), [])


class Code(unittest.TestCase):
    def test_banned_calls(self):
        for text in ("std::this_thread::sleep_for(s);", "int i = rand();", "std::srand(1);", "strcpy(a, b);",
                     "std::sprintf(a, b);", "gets(a);", "::system(a);", "out << std::endl;", "co_await x;", "co_return;",
                     "boost::asio::spawn(io, f);"):
            self.assertEqual(source(text + "\n"), ["banned-call"], text)

    def test_what_only_looks_like_one(self):
        for text in ("snprintf(a, 1, b);", "random.rand(1);", "codec::system(1);", "system_clock();", "grand();",
                     "// never sprintf()", 'say("system(x)");', "const auto brand(1);"):
            self.assertEqual(source(text + "\n"), [], text)

    def test_unfinished(self):
        for text in ("// TODO more", "// FIXME", "/* XXX */", "f(); // NOLINT(x)", "TEST(a, DISABLED_b) {}", "GTEST_SKIP();"):
            self.assertEqual(source(text + "\n"), ["unfinished"], text)

    def test_pragma_once(self):
        files = {**room("base", **{"x.h": "int i;\n", "x.cpp": '#include "base/x.h"\n'})}
        self.assertEqual(rules(files), [("src/base/x.h", 1, "pragma-once")])

    def test_long_function(self):
        body = "    f();\n" * 69
        for head in ("int g(int a) {", "TEST(a, b) {", "auto h() const -> int {", "const auto l = [] {",
                     "x::x(int a)\n    : a_(a) {", "template <class T>\nvoid t() {"):
            self.assertEqual(source(head + "\n" + body + "}\n"), ["long-function"], head)
            self.assertEqual(source(head + "\n" + "    f();\n" * 60 + "}\n"), [], head)

    def test_long_function_in_a_class_in_a_namespace(self):
        text = "namespace a {\nclass b {\npublic:\n    int g() {\n" + "f();\n" * 70 + "}\n};\n}\n"
        self.assertEqual([(line, rule) for _, line, rule in rules({**room("base"), "src/base/x.cpp": text})],
                         [(3, "long-function")])

    def test_long_tables_and_types_are_no_functions(self):
        body = "    {1, f(2)},\n" * 100
        for head in ("constexpr int t[] = {", "struct s {", "enum class e {", "namespace n {"):
            self.assertEqual(source(head + "\n" + body + "};\n"), [], head)

    def test_braces_in_text_do_not_count(self):
        text = "void f() {\n    g('{', \"}{{\", R\"x({{{)x\");  // {\n}\n" + "int i;\n" * 80
        self.assertEqual(source(text), [])

    def test_digit_separators_are_no_characters(self):
        self.assertEqual(source("int a = 1'000;\nvoid f() { g(0xff'ff); }\n" + "int i;\n" * 80), [])


class Text(unittest.TestCase):
    def test_long_file(self):
        self.assertEqual(source("int i;\n" * 501), ["long-file"])
        self.assertEqual(source("int i;\n" * 500), [])

    def test_trailing_space_and_machine_path(self):
        path = "/" + "work/x"
        self.assertEqual(rules({"README.md": f"a \nsee {path}\nhttps://example.org/{'root'}x/\n"}),
                         [("README.md", 1, "trailing-space"), ("README.md", 2, "machine-path")])

    def test_what_we_did_not_write_is_left_alone(self):
        self.assertEqual(rules({"LICENSE": "a \n", "tests/vectors/a.json": "b \n"}), [])


class Rooms(unittest.TestCase):
    def test_readme(self):
        self.assertEqual(rules({"src/base/CMakeLists.txt": ""}), [("src/base/README.md", 1, "room-readme")])

    def test_orphan_sources(self):
        self.assertEqual(rules({"src/x.cpp": ""}), [("src/x.cpp", 1, "orphan")])
        self.assertEqual(rules({**room("attic"), "src/attic/x.cpp": ""}), [("src/attic/x.cpp", 1, "orphan")])
        self.assertEqual(rules({"src/base/README.md": "", "src/base/x.cpp": ""}), [("src/base/x.cpp", 1, "orphan")])

    def test_orphan_header(self):
        self.assertEqual(rules({**room("base"), "src/base/x.h": "#pragma once\n"}), [("src/base/x.h", 1, "orphan")])

    def test_header_of_a_neighbour_with_the_same_name_does_not_count(self):
        files = {**room("base"), **room("net"), "src/base/x.h": "#pragma once\n", "src/net/x.h": "#pragma once\n",
                 "src/net/x.cpp": '#include "net/x.h"\n'}
        self.assertEqual(rules(files), [("src/base/x.h", 1, "orphan")])

    def test_tests_are_named_or_globbed(self):
        path = "tests/contract/x_test.cpp"
        self.assertEqual(rules({path: ""}), [(path, 1, "orphan")])
        self.assertEqual(rules({path: "", "tests/contract/CMakeLists.txt": "tessera_test(x SOURCES x_test.cpp)"}), [])
        self.assertEqual(rules({path: "", "tests/contract/CMakeLists.txt": 'file(GLOB s "${here}/*_test.cpp")'}), [])


class Report(unittest.TestCase):
    def test_finding_reads_like_a_compilers(self):
        self.assertEqual(str(Finding("a.cpp", 3, "floor", "why")), "a.cpp:3: floor: why")


if __name__ == "__main__":
    unittest.main()
