# sallyport-respond without the rest of Sallyport: neither its other programs nor their libraries.
option(STATIC "Link statically: one file that runs on any Linux of this processor" OFF)
get_filename_component(root ${CMAKE_CURRENT_SOURCE_DIR}/../.. ABSOLUTE)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
if(STATIC)
  add_compile_options(-fPIE)  # with CMake's own switch it would link with -pie, which undoes -static-pie
else()
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
endif()
option(SALLYPORT_SANITIZE "Build with AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
include(${root}/cmake/SallyportFlags.cmake)
include(GNUInstallDirs)

set(OPENSSL_USE_STATIC_LIBS ${STATIC})
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto)
find_package(fmt REQUIRED)
find_path(TL_EXPECTED_INCLUDE tl/expected.hpp REQUIRED)

file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp ${root}/base/*.cpp)
foreach(part challenge_text ocra ocra_mutual ocra_session ocra_suite question response_window)
  list(APPEND sources ${root}/auth/${part}.cpp)
endforeach()
add_executable(sallyport-respond ${sources})
target_include_directories(sallyport-respond PRIVATE ${root})
target_include_directories(sallyport-respond SYSTEM PRIVATE ${TL_EXPECTED_INCLUDE})
target_compile_definitions(sallyport-respond PRIVATE SALLYPORT_VERSION="${PROJECT_VERSION}")
target_compile_options(sallyport-respond PRIVATE -ffunction-sections -fdata-sections)
target_link_options(sallyport-respond PRIVATE -Wl,--gc-sections $<$<CONFIG:Release>:-s>)
if(STATIC)
  target_link_libraries(sallyport-respond PRIVATE OpenSSL::Crypto fmt::fmt-header-only)
  target_link_options(sallyport-respond PRIVATE -static-pie)
else()
  target_link_libraries(sallyport-respond PRIVATE OpenSSL::Crypto fmt::fmt)
endif()

install(TARGETS sallyport-respond RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${root}/packaging/man/sallyport-respond.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)

enable_testing()
add_test(NAME answers COMMAND ${CMAKE_COMMAND} -D PROGRAM=$<TARGET_FILE:sallyport-respond>
                              -D FOLDER=${CMAKE_CURRENT_BINARY_DIR}/answers
                              -D STATIC=${STATIC} -D READELF=${CMAKE_READELF}
                              -P ${CMAKE_CURRENT_SOURCE_DIR}/alone_test.cmake)
