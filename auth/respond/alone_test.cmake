# The program as built runs and answers: the RFC's plain signature of SIG10000 (RFC 6287, appendix C.3), and a
# bad challenge with the status that the help promises. Runs in: ctest of the build on its own.
file(REMOVE_RECURSE ${FOLDER})
file(MAKE_DIRECTORY ${FOLDER})
set(ENV{HOME} ${FOLDER})
set(ENV{XDG_CONFIG_HOME} "")
set(ENV{SSH_ASKPASS} "")

# expect(STATUS OUTPUT ARGUMENTS...)
function(expect status output)
  execute_process(COMMAND ${PROGRAM} ${ARGN} INPUT_FILE ${FOLDER}/input
                  RESULT_VARIABLE got OUTPUT_VARIABLE said ERROR_VARIABLE why)
  if(NOT got EQUAL status OR NOT said MATCHES "${output}")
    message(FATAL_ERROR "${PROGRAM} ${ARGN}: status ${got}, not ${status}; '"
                        "${said}', not '${output}'; ${why}")
  endif()
endfunction()

file(WRITE ${FOLDER}/input "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA\n")
expect(0 "^sallyport-respond [0-9.]+\n$" --version)
expect(0 "^Stored in " --save --suite OCRA-1:HOTP-SHA256-8:QA08)
expect(0 "^5309 5496\n$" SIG1 0000)
expect(0 "^{\"answer\":\\[\"53095496\"\\]}\n$" --json SIG10000)
expect(3 "^$" "Challenge SIG1 0000, response: Challenge SIG1 0000, response:")
expect(2 "^$" --frobnicate)

if(STATIC AND READELF)
  execute_process(COMMAND ${READELF} -d ${PROGRAM} OUTPUT_VARIABLE said)
  if(said MATCHES "NEEDED")
    message(FATAL_ERROR "it is to be static, and needs libraries:\n${said}")
  endif()
endif()
