# Writes HEADER, if it is not right yet: the commit of the tree SOURCE. A tree without .git has it in a file .commit
# (packaging/deb).
set(commit unknown)
if(EXISTS ${SOURCE}/.commit)
  file(STRINGS ${SOURCE}/.commit commit LIMIT_COUNT 1)
elseif(EXISTS ${SOURCE}/.git)
  execute_process(COMMAND git -c safe.directory=* -C ${SOURCE} describe --always --exclude=* --abbrev=12 --dirty=+
                  OUTPUT_VARIABLE described OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE code)
  if(code EQUAL 0)
    set(commit ${described})
  endif()
endif()
file(CONFIGURE OUTPUT ${HEADER} CONTENT "#define SALLYPORT_COMMIT \"@commit@\"\n" @ONLY)
