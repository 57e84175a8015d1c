# Warnings are errors; hardening is on in every build. CET only where the compiler offers it.
include(CheckCXXCompilerFlag)
include(CheckPIESupported)
check_pie_supported()

add_compile_options(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Werror
                    -fstack-protector-strong -fno-omit-frame-pointer)
add_link_options(-Wl,-z,relro,-z,now,-z,noexecstack)

# Level 3 of _FORTIFY_SOURCE needs gcc 12 or clang with glibc 2.34; both of Debian 12's have it.
# Sanitizers replace these checks with their own and clash with them.
if(SALLYPORT_SANITIZE)
  # At fixed addresses. UBSan describes each of its checks, and ASan each global, with pointers, which the loader of a
  # position-independent program rewrites at every start: 100 MB of them in the console, which tests start thousands of
  # times. What a site runs is position-independent.
  set(CMAKE_POSITION_INDEPENDENT_CODE OFF)
  string(APPEND CMAKE_CXX_FLAGS " -fno-pie")
endif()
if(SALLYPORT_SANITIZE OR SALLYPORT_FUZZ)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=address,undefined)
  if(SALLYPORT_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
  endif()
else()
  add_compile_options($<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE> $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=3>)
endif()

check_cxx_compiler_flag(-fcf-protection=full SALLYPORT_HAS_CET)
if(SALLYPORT_HAS_CET)
  add_compile_options(-fcf-protection=full)
endif()
check_cxx_compiler_flag(-fstack-clash-protection SALLYPORT_HAS_STACK_CLASH)
if(SALLYPORT_HAS_STACK_CLASH)
  add_compile_options(-fstack-clash-protection)
endif()

# our_bug() is an assertion that stays on; nothing in the tree looks at NDEBUG.
string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")
string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_RELWITHDEBINFO "${CMAKE_CXX_FLAGS_RELWITHDEBINFO}")

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
