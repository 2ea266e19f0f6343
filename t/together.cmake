# Several sources are compiled as one: most of a file's compile time is the headers that all of them include.
# For unit tests, and for all sources of trees that are built only to be tested: the tree release shows that each of the module's
# compiles alone. A source that means a name of a header, and finds that of another source instead, gets an error here: one of
# the two names is to be another.

# The names that a source defines outside of functions and classes: two sources that share one are not compiled together.
function(wsflow_names_of source result)
  file(READ ${source} text)
  string(REPLACE "[[nodiscard]] " "" text "${text}")
  set(start "\n[A-Za-z:]")
  string(REGEX MATCHALL
    "\n(struct|class|enum class) [A-Za-z0-9_]+|\nusing [A-Za-z0-9_]+ =|${start}[^][\n;=({]*[ *&][a-z][a-z0-9_]*[(]|${start}[^][\n;=(]* k[A-Z][A-Za-z0-9_]*"
    found "${text}")
  list(TRANSFORM found REPLACE "( =|[(])$" "")
  list(TRANSFORM found REPLACE ".*[^A-Za-z0-9_]" "")
  set(${result} ${found} PARENT_SCOPE)
endfunction()

# Has the sources of TARGET compiled several at a time; BY_FOLDER: those of a folder with each other only, because they use
# namespaces that others do not.
function(wsflow_compile_together target)
  cmake_parse_arguments(ARG "BY_FOLDER" "" "" ${ARGN})
  set(most 12)
  get_target_property(folder ${target} SOURCE_DIR)
  get_target_property(target_sources ${target} SOURCES)
  set(last 0)
  foreach(source IN LISTS target_sources)
    # That file makes the names of the module that the log functions of all others only declare.
    if(NOT source MATCHES "[.]cpp$" OR source MATCHES "mod_wsflow/mod_wsflow[.]cpp$")
      continue()
    endif()
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${folder} OUTPUT_VARIABLE path)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
    wsflow_names_of(${path} names)
    set(room all)
    if(ARG_BY_FOLDER)
      cmake_path(GET path PARENT_PATH room)
    endif()
    set(chosen)
    foreach(group IN LISTS "groups ${room}")
      list(LENGTH members_${group} members)
      set(free TRUE)
      foreach(name IN LISTS names)
        if(name IN_LIST names_${group})
          set(free FALSE)
          break()
        endif()
      endforeach()
      if(free AND members LESS most)
        set(chosen ${group})
        break()
      endif()
    endforeach()
    if(NOT chosen)
      math(EXPR last "${last} + 1")
      set(chosen ${last})
      list(APPEND "groups ${room}" ${chosen})
    endif()
    list(APPEND names_${chosen} ${names})
    list(APPEND members_${chosen} ${path})
    set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${chosen})
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
endfunction()
