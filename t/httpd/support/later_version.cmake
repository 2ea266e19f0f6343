# mod_wsflow_later: the module of these sources, with one more reason for refusing handshakes in the middle of the others. So
# each counter behind it stands elsewhere, while no size changes.

set(later ${CMAKE_CURRENT_BINARY_DIR}/later_version)

# A copy of FILE in which TEXT stands ahead of what is to come BEFORE.
function(wsflow_later_copy file text before)
  set(from ${CMAKE_SOURCE_DIR}/mod_wsflow/${file})
  file(READ ${from} old)
  string(REPLACE "${before}" "${text}${before}" new "${old}")
  if(new STREQUAL old)
    message(FATAL_ERROR "mod_wsflow/${file} has no \"${before}\"")
  endif()
  file(CONFIGURE OUTPUT ${later}/mod_wsflow/${file} CONTENT "${new}" @ONLY)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${from})
endfunction()
wsflow_later_copy(base/outcome.hpp "  on_trial,\n" "  expired, ")
wsflow_later_copy(base/outcome.cpp "    case HandshakeRefusal::on_trial: return \"on-trial\";\n" "    case HandshakeRefusal::expired:")

# All sources are compiled anew but those in rooms that do not know the reasons. Stores and programs are none of the module.
set(rooms ws os limits config)
foreach(room IN LISTS rooms)
  file(GLOB files ${CMAKE_SOURCE_DIR}/mod_wsflow/${room}/*)
  foreach(file IN LISTS files)
    file(STRINGS ${file} found LIMIT_COUNT 1 REGEX "include .*outcome.hpp")
    if(found)
      message(FATAL_ERROR "${file} knows the reasons: mod_wsflow_later must compile it anew")
    endif()
  endforeach()
endforeach()
list(JOIN rooms "|" rooms)
list(TRANSFORM sources PREPEND ${CMAKE_SOURCE_DIR}/ OUTPUT_VARIABLE later_sources)
list(FILTER later_sources EXCLUDE REGEX "/mod_wsflow/(stores|programs|${rooms})/|/base/outcome.cpp$")

wsflow_module(mod_wsflow_later ${later}/mod_wsflow/base/outcome.cpp ${later_sources})
target_include_directories(mod_wsflow_later BEFORE PRIVATE ${later})
target_include_directories(mod_wsflow_later SYSTEM PRIVATE ${HTTPD_INCLUDES} ${APR_INCLUDES})
target_compile_definitions(mod_wsflow_later PRIVATE AP_HAVE_DESIGNATED_INITIALIZER)
# Quick to build: what is fast and what a debugger reads, the other modules have.
target_compile_options(mod_wsflow_later PRIVATE ${APR_CPPFLAGS} -O0 -g0)
wsflow_compile_together(mod_wsflow_later)
