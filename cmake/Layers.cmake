# A layer is one folder, one static library and one include directory. A layer
# sees the headers of the layers it names and no others, so that an include
# that points upwards does not compile.
set(ASAP_WARNINGS
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
    -Wvla -Wformat=2 -Wundef -Wcast-qual -Wwrite-strings -Wpointer-arith -Wswitch-enum
    -Wimplicit-fallthrough -Wnull-dereference)

function(asap_compile_options target)
  target_compile_definitions(${target} PRIVATE _POSIX_C_SOURCE=200809L)
  target_compile_options(${target} PRIVATE ${ASAP_WARNINGS} -fstack-protector-strong)
  if(ASAP_WARNINGS_AS_ERRORS)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(CMAKE_BUILD_TYPE MATCHES "Rel")
    target_compile_definitions(${target} PRIVATE _FORTIFY_SOURCE=2)
  endif()
  if(ASAP_SANITIZERS)
    target_compile_options(${target} PRIVATE -fsanitize=${ASAP_SANITIZERS}
                           -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=${ASAP_SANITIZERS})
  endif()
  target_link_options(${target} PUBLIC -Wl,-z,relro,-z,now)
endfunction()

# asap_layer(<target> USES <lower layers and libraries> HIDES <the same>): every
# .c file of this folder, and its folder as include directory. Those above this
# layer see the headers of what it uses, and not of what it hides.
function(asap_layer target)
  cmake_parse_arguments(layer "" "" "USES;HIDES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.c")
  add_library(${target} STATIC ${sources})
  target_include_directories(${target} PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}")
  target_link_libraries(${target} PUBLIC ${layer_USES} PRIVATE ${layer_HIDES})
  asap_compile_options(${target})
endfunction()
