#!/usr/bin/env python3
"""Rules of the tree that no compiler checks: who may include whom, sizes, banned calls, orphans.

Prints one finding per line as `file:line: rule: why and what to do`, and exits 1 if there is any.
The tables at the top are the rules; ARCHITECTURE.md tells the reasons.
"""

import fnmatch
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

# A room includes rooms of lower floors, and itself; never its own floor or a higher one.
FLOORS = {
    "base": 0,
    "crypto": 1, "codec": 1,
    "store": 2, "net": 2,
    "cards": 3, "telecom": 3,
    "sim": 3,  # stands outside: it may know the ground floors, and nearly nobody may know it (SIM_USERS)
    "operations": 4,
    "campaigns": 5, "issuance": 5, "ordering": 5, "wallet": 5, "provisioning": 5,
}
SAME_FLOOR_ALLOWED = {("codec", "crypto")}
SIM_USERS = ["src/sim/*", "apps/tessera/sim*.cpp", "apps/tessera/demo*.cpp", "tests/*", "bench/*", "fuzz/*"]

# Headers that cost seconds per include or tie us to a library stand in few places.
LIBRARIES = [
    (r"boost/(asio|beast)\b", "Boost.Asio", ["src/net/*", "src/telecom/*.cpp", "src/sim/*"]),
    (r"toml(\+\+|\.hpp|plusplus)", "toml++", ["src/base/checked_toml.h", "src/campaigns/campaign_file*.cpp", "src/sim/faults.cpp", "apps/*"]),
    (r"CLI/", "CLI11", ["apps/*"]),
    (r"(spdlog|fmt)/", "spdlog and fmt", ["src/base/log.cpp"]),
    (r"sqlite3", "SQLite", ["src/store/sqlite/*", "src/store/sqlite*"]),
    (r"libpq-fe", "libpq", ["src/store/postgres/*"]),
    (r"openssl/", "OpenSSL", ["src/crypto/*"]),
    (r"date/", "the tz library", ["src/base/time_zone.cpp"]),
    (r"zip\.h", "libzip", ["src/codec/zip_archive.cpp", "src/codec/test_cap.h"]),
    (r"(PCSC/|winscard|pcsclite)", "PC/SC", ["src/net/pcsc_reader.cpp"]),
]

# name or expression -> what to do instead
BANNED_CALLS = [
    (r"\bsleep_(for|until)\b", "wait for the event itself, or use net::event_loop::after"),
    (r"(?<![\w.>:])(std::|::)?s?rand\s*\(", "take a random_port (base/random.h)"),
    (r"(?<![\w.>:])(std::|::)?(strcpy|strcat|sprintf|vsprintf|gets)\s*\(", "it knows no bounds: use std::string or snprintf"),
    (r"(?<![\w.>:])(std::|::)?system\s*\(", "no shell: posix_spawn with an argument list"),
    (r"\bstd::endl\b", "write '\\n'; flush where it matters"),
    (r"\bco_(await|yield|return)\b", "g++ 12 miscompiles coroutines: completion handlers around a sans-I/O core"),
    (r"\basio::spawn\b", "breaks under the sanitizers: completion handlers around a sans-I/O core"),
]
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX)\b|NOLINT|\bDISABLED_|\bGTEST_SKIP\b")
# Written apart, or this file would find itself.
MACHINE_PATHS = re.compile("(?<![A-Za-z0-9_.}-])/(" + "work|root" + ")/")

FUNCTION_LINES = 70
FILE_LINES = 500
CODE = (".cpp", ".h")
SIZED = (".cpp", ".h", ".py", ".sh", ".cmake")
NOT_OURS = ["LICENSE", "tests/vectors/*", "fuzz/corpus/*", "*package-lock.json", "*.svg"]


class Finding(NamedTuple):
    path: str
    line: int
    rule: str
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}: {self.text}"


def matches(path, patterns):
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)


def room_of(path):
    parts = path.split("/")
    return parts[1] if parts[0] == "src" and len(parts) > 2 else None


TOKENS = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<raw>[^(\s]*)\(.*?\)(?P=raw)"|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Fa-f])\'(?:\\.|[^\'\\\n])+\'',
    re.DOTALL)


def without_text(source):
    """The source with comments and literals blanked, line by line where it was."""
    def blank(match):
        token = match.group()
        newlines = "\n" * token.count("\n")
        return newlines if token.startswith("/") else '""' + newlines
    return TOKENS.sub(blank, source)


def includes_of(source):
    """(line, name, quoted) of every #include."""
    for number, line in enumerate(source.splitlines(), 1):
        if found := re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line):
            yield number, found[2], found[1] == '"'


def check_includes(path, source):
    room = room_of(path)
    is_test = path.startswith(("tests/", "bench/", "fuzz/")) or path.endswith("_test.cpp")
    for line, name, quoted in includes_of(source):
        if "../" in name:
            yield Finding(path, line, "relative-include", f'"{name}": write the path from src/, as "room/file.h"')
            continue
        target = name.split("/")[0]
        if quoted and "/" in name and target in FLOORS:
            yield from check_floor(path, line, room, target)
        elif quoted and room:
            yield Finding(path, line, "include-path", f'"{name}" names no room: write "room/file.h", or <...> for a library')
        elif not quoted and target in FLOORS and name.endswith(".h"):
            yield Finding(path, line, "include-path", f'<{name}> is ours: write "{name}"')
        for pattern, library, places in LIBRARIES:
            if re.match(pattern, name) and not is_test and not matches(path, places):
                yield Finding(path, line, "library-include",
                              f"{library} is included in {', '.join(places)} only: go through a port of that room")


def check_floor(path, line, room, target):
    if target == "sim" and not matches(path, SIM_USERS):
        yield Finding(path, line, "sim-include",
                      "the simulated world is for the subcommands sim and demo, tests/, bench/ and fuzz/: "
                      "move the code there, or put a port between")
    elif room is None or room == target or (room, target) in SAME_FLOOR_ALLOWED or room not in FLOORS:
        return
    elif FLOORS[room] == FLOORS[target]:
        yield Finding(path, line, "floor", f"{room} and {target} are neighbours and do not include one another: "
                                           "let the floor above join them, or move the shared part down")
    elif FLOORS[room] < FLOORS[target]:
        yield Finding(path, line, "floor", f"{room} stands below {target} and must not include it: "
                                           f"declare a port in {room} that {target} implements")


CONTROL = re.compile(r"^(else|do|try|if|for|while|switch|catch|namespace|extern|enum|class|struct|union)\b")


def opens_function(head):
    """Whether the text before a brace, since the last statement or brace, is the head of a function or a lambda."""
    head = re.sub(r"^\s*(public|private|protected|default|case [^:]*)\s*:", "", head).strip()
    head = re.sub(r"^\s*#[^\n]*$", "", head, flags=re.MULTILINE).strip()
    head = re.sub(r"^template\s*<.*?>\s*(?=\b(class|struct|union)\b)", "", head, flags=re.DOTALL)
    if not head or CONTROL.match(head) or re.search(r"(=|,|\(|return)\s*$", head):
        return False
    return "(" in head or head.endswith("]")


def long_functions(source):
    """(first line, lines) of the outermost functions longer than FUNCTION_LINES."""
    stack, head, head_line, line = [], "", 1, 1
    for char in source:
        if char == "\n":
            line += 1
        if char == "{":
            inside = any(kind for kind, _ in stack)
            stack.append((not inside and opens_function(head), head_line))
        elif char == "}" and stack:
            is_function, first = stack.pop()
            if is_function and line - first + 1 > FUNCTION_LINES:
                yield first, line - first + 1
        if char in "{};":
            head = ""
        elif head or not char.isspace():
            if not head:
                head_line = line
            head += char


def check_code(path, source):
    code = without_text(source)
    for number, text in enumerate(code.splitlines(), 1):
        for pattern, instead in BANNED_CALLS:
            if found := re.search(pattern, text):
                yield Finding(path, number, "banned-call", f"{found[0].strip(' (')}: {instead}")
    for number, text in enumerate(source.splitlines(), 1):
        if found := UNFINISHED.search(text):
            yield Finding(path, number, "unfinished", f"{found[0]}: finish it here, or write it into the issue")
    if path.endswith(".h") and not re.search(r"^#pragma once$", source, re.MULTILINE):
        yield Finding(path, 1, "pragma-once", "the header lacks #pragma once")
    for first, lines in long_functions(code):
        yield Finding(path, first, "long-function", f"{lines} lines, {FUNCTION_LINES} allowed: name its steps")
    yield from check_includes(path, source)


def check_text(path, source):
    for number, text in enumerate(source.splitlines(), 1):
        if text != text.rstrip():
            yield Finding(path, number, "trailing-space", "remove it")
        if found := MACHINE_PATHS.search(text):
            yield Finding(path, number, "machine-path", f"{found[0]} exists on one machine only: use a relative path")
    lines = source.count("\n")
    if path.endswith(SIZED) and lines > FILE_LINES:
        yield Finding(path, lines, "long-file", f"{lines} lines, {FILE_LINES} allowed: split it by what the parts do")


def check_rooms(files):
    for path in files:
        if not path.endswith(CODE) or not path.startswith("src/"):
            continue
        room = room_of(path)
        if room not in FLOORS:
            yield Finding(path, 1, "orphan", "stands in no room: move it, or give the room a floor in check_tree.py")
        elif f"src/{room}/CMakeLists.txt" not in files:
            yield Finding(path, 1, "orphan", f"src/{room} has no CMakeLists.txt, so nobody builds this")
    for room in sorted({room_of(path) for path in files if room_of(path)}):
        if f"src/{room}/README.md" not in files:
            yield Finding(f"src/{room}/README.md", 1, "room-readme",
                          "missing: purpose, entry point, invariants, where to start")


def check_orphans(files):
    included = {name for path, source in files.items() if path.endswith(CODE) for _, name, _ in includes_of(source)}
    ends = {name.rsplit("/", 1)[-1] for name in included}
    for path in files:
        if path.endswith(".h") and path.split("/", 1)[0] in ("src", "apps", "tests", "bench", "fuzz"):
            inner = path.split("/", 1)[1]
            local = path.rsplit("/", 1)[-1]
            if inner not in included and not (not path.startswith("src/") and local in ends):
                yield Finding(path, 1, "orphan", "nobody includes this header: use it or delete it")
        elif path.endswith(".cpp") and path.startswith(("tests/", "bench/", "fuzz/")):
            if not is_built(path, files):
                yield Finding(path, 1, "orphan", "no CMakeLists.txt beside or above it names or globs it")


def is_built(path, files):
    folder = path
    while "/" in folder:
        folder = folder.rsplit("/", 1)[0]
        recipe = files.get(f"{folder}/CMakeLists.txt", "")
        if re.search(r"\b" + re.escape(path.rsplit("/", 1)[-1]), recipe):
            return True
        for pattern in re.findall(r'[\w./-]*\*[\w.*/-]*\.cpp', recipe):
            if fnmatch.fnmatchcase(path.rsplit("/", 1)[-1], pattern.rsplit("/", 1)[-1]):
                return True
    return False


def check(files):
    """Findings for a tree given as {path: text}."""
    findings = []
    for path, source in files.items():
        if matches(path, NOT_OURS):
            continue
        findings += check_text(path, source)
        if path.endswith(CODE):
            findings += check_code(path, source)
    findings += check_rooms(files)
    findings += check_orphans(files)
    return sorted(findings)


def read_tree(root):
    names = subprocess.run(
        ["git", "-c", f"safe.directory={root}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root, check=True, capture_output=True, text=True).stdout.split("\0")
    files = {}
    for name in sorted(set(filter(None, names))):
        path = root / name
        if not path.is_file() or path.is_symlink():
            continue
        try:
            files[name] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:  # an image, a seed of a fuzzer: nothing for these rules
            continue
    return files


def main():
    findings = check(read_tree(Path(__file__).resolve().parents[2]))
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
