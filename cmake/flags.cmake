# Warnings, hardening and the linker, for every target alike.
add_compile_options(
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-qual
  -Wmissing-declarations -Woverloaded-virtual -fstack-protector-strong)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 sees dangling and overflow where there is none, in its own std::string, vector and expected, when it optimizes.
  add_compile_options(-Wno-restrict -Wno-stringop-overflow -Wno-array-bounds -Wno-maybe-uninitialized
                      -Wno-free-nonheap-object)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # std::stable_sort of libstdc++ 12 calls std::get_temporary_buffer, deprecated since C++17; clang blames its callers.
  add_compile_options(-Wno-deprecated-declarations)
endif()
option(TESSERA_WARNINGS_ARE_ERRORS "treat warnings as errors" ON)
if(TESSERA_WARNINGS_ARE_ERRORS)
  add_compile_options(-Werror)
endif()

set(TESSERA_SANITIZE "" CACHE STRING "sanitizers, as -fsanitize= takes them")
if(TESSERA_SANITIZE)
  add_compile_options(-fsanitize=${TESSERA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${TESSERA_SANITIZE})
endif()
if(TESSERA_SANITIZE MATCHES "thread")
  # TSan does not model fences and g++ refuses them; the lock of Asio's queue orders handlers without them.
  add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
endif()
if(TESSERA_FUZZERS)
  # Coverage in every room, not in the fuzz program alone: libFuzzer steers by it.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_program(TESSERA_CCACHE ccache)
if(TESSERA_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${TESSERA_CCACHE}")
endif()
find_program(TESSERA_MOLD mold)
if(TESSERA_MOLD AND NOT TESSERA_SANITIZE)
  add_link_options(-fuse-ld=mold)
endif()
# Clones stand at other paths; the objects must not say where.
add_compile_options("-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=")
