# One library a folder: every .cpp in it, so that a new file needs no edit here.

# sallyport_library(NAME LIBS...): a static library of the current folder's sources, except main files.
function(sallyport_library name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "(^|_|/)main\\.cpp$")
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${ARGN})
endfunction()

# sallyport_program(OUTPUT SOURCE LIBS...): a program from one main file.
function(sallyport_program output source)
  add_executable(${output} ${source})
  target_link_libraries(${output} PRIVATE ${ARGN})
  set_target_properties(${output} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
endfunction()

# sallyport_embed(NAME FILES...): embedded.h for the sources of NAME, with each file as a text called after it.
function(sallyport_embed name)
  foreach(part ${ARGN})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${part})
    file(READ ${part} text)
    get_filename_component(file ${part} NAME)
    string(MAKE_C_IDENTIFIER ${file} identifier)
    string(APPEND embedded "constexpr char ${identifier}[] = R\"embedded(${text})embedded\";\n")
  endforeach()
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/embedded.h CONTENT "@embedded@" @ONLY)
  target_include_directories(${name} PRIVATE ${CMAKE_CURRENT_BINARY_DIR})
endfunction()
