# asap_completion(<program> <target> [script]): completions of <program> for bash and zsh. The
# executable <target>, or the shell script that is given its path, writes the rows that they know.
function(asap_completion program target)
  set(source "${PROJECT_SOURCE_DIR}/client/completion")
  set(filled "${PROJECT_SOURCE_DIR}/cmake/FillCompletion.awk")
  set(rows "${CMAKE_CURRENT_BINARY_DIR}/${program}.rows")
  if(ARGN)
    set(by sh ${ARGN})
  endif()
  add_custom_command(
    OUTPUT "${rows}"
    COMMAND ${by} "$<TARGET_FILE:${target}>" > "${rows}"
    DEPENDS ${target} ${ARGN} VERBATIM)
  set(bash "${CMAKE_CURRENT_BINARY_DIR}/bash/${program}")
  set(zsh "${CMAKE_CURRENT_BINARY_DIR}/zsh/_${program}")
  foreach(shell bash zsh)
    file(MAKE_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/${shell}")
    add_custom_command(
      OUTPUT "${${shell}}"
      COMMAND awk -v "program=${program}" -v "rows=${rows}" -f "${filled}"
              "${source}/completion.${shell}.in" > "${${shell}}"
      DEPENDS "${rows}" "${filled}" "${source}/completion.${shell}.in" VERBATIM)
  endforeach()
  add_custom_target(${program}_completion ALL DEPENDS "${bash}" "${zsh}")
  install(FILES "${bash}" DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
  install(FILES "${zsh}" DESTINATION "${ASAP_ZSH_COMPLETIONS}")
endfunction()

set(ASAP_ZSH_COMPLETIONS "${CMAKE_INSTALL_DATADIR}/zsh/site-functions" CACHE STRING
    "Where zsh finds completions; Debian packages use share/zsh/vendor-completions")
