# What `cmake --install` puts where. Units, accounts, folders and the PAM service are the packager's
# (packaging/debian/rules): where they belong, and what is done with them, is a distribution's own.
install(TARGETS sallyport sallyport-respond RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS sallyportd sallyport-send RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(TARGETS sallyport-ssh sallyport-https sallyport-auth sallyport-metrics RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/sallyport)

file(GLOB policy_files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/policies/*.toml)
install(FILES ${policy_files} DESTINATION ${CMAKE_INSTALL_SYSCONFDIR}/sallyport/policies)
install(FILES packaging/sallyport.toml packaging/nftables/sallyport-closed.nft docs/journal.schema.json
        DESTINATION ${CMAKE_INSTALL_DATADIR}/sallyport)
# sallyport(1) is made by gateway/console; the others are written by hand.
file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/packaging/man/*.[1-8])
foreach(page ${PROJECT_BINARY_DIR}/man/sallyport.1 ${pages})
  string(REGEX REPLACE ".*\\." "" section ${page})
  install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()

install(FILES packaging/completions/sallyport.bash RENAME sallyport
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES packaging/completions/_sallyport DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES packaging/completions/sallyport.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

install(FILES docs/ARCHITECTURE.md docs/INSTALL.md docs/JOURNAL.md docs/METRICS.md docs/OCSF.md docs/OPERATE.md docs/PAM.md
              docs/TRUST.md README.md
        DESTINATION ${CMAKE_INSTALL_DOCDIR})
