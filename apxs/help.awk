# What a program says to --help, as a page for man(1).
#   wsflow-doctor --help > help; awk -v name=wsflow-doctor -v section=8 -v version=0.1.0 -f apxs/help.awk help > wsflow-doctor.8
# The text is as --help usually is: "usage: ..." with more such lines, paragraphs, of which the first sentence says what the
# program is for, "Title:" lines, and indented lines: options with what they do behind two blanks or more, or examples.

function typed(text) {
  gsub(/\\/, "\\e", text)
  gsub(/-/, "\\-", text)
  return text
}

function line(text) {
  print (text ~ /^[.']/ ? "\\&" : "") text
}

function indent(text) {
  match(text, /^ */)
  return RLENGTH
}

# The first sentence of what is said about the program.
function first_sentence(text) {
  if (match(text, /[.:;]( |$)/)) text = substr(text, 1, RSTART - 1)
  # "wsflow-doctor says what ..." and "wsflow-doctor: says what ..."
  sub("^" name ":? +(- )?", "", text)
  return text
}

{ text[NR] = $0 }

END {
  for (i = 1; i <= NR && text[i] !~ /^[Uu]sage: /; i++) {}
  if (i > NR) {
    print name ": its --help has no line \"usage: ...\"" > "/dev/stderr"
    exit 1
  }
  usage = i
  # The usage goes on with lines that are indented, or begin with the program.
  for (after = usage + 1; after <= NR && (text[after] ~ /^ +[^ ]/ || index(text[after], name " ") == 1); after++) {}
  # What it is for stands ahead of the usage, or behind it.
  about = ""
  for (i = 1; i < usage; i++) about = about (about == "" ? "" : " ") text[i]
  if (about !~ /[^ ]/) {
    for (i = after; i <= NR && (text[i] == "" || text[i] ~ /^ /); i++) {}
    for (; i <= NR && text[i] != ""; i++) about = about (about == "" ? "" : " ") text[i]
  }
  if (about ~ /:$/ || about !~ /[^ ]/) {
    print name ": its --help does not say what it is for" > "/dev/stderr"
    exit 1
  }

  print ".\\\" Made by apxs/help.awk of what the program says to --help: changes belong there."
  print ".TH " toupper(name) " " section " \"\" \"mod_wsflow " version "\" \"mod_wsflow\""
  print ".SH NAME"
  line(typed(name) " \\- " first_sentence(about))
  print ".SH SYNOPSIS"
  for (i = usage; i < after; i++) {
    said = text[i]
    sub(/^[Uu]sage: +/, "", said)
    sub(/^ +/, "", said)
    # A line that does not begin with the program goes on with the one before.
    if (i > usage && index(said, name) == 1) print ".br"
    line(typed(said))
  }
  print ".SH DESCRIPTION"
  for (i = 1; i < usage; i++) if (text[i] != "") line(typed(text[i]))
  fresh = 1
  for (i = after; i <= NR; i++) {
    said = text[i]
    if (said == "") {
      if (in_code) { print ".fi"; print ".RE"; in_code = 0 }
      fresh = 1
      option_indent = 0
      continue
    }
    depth = indent(said)
    if (depth == 0) {
      if (in_code) { print ".fi"; print ".RE"; in_code = 0 }
      option_indent = 0
      if (said ~ /^[A-Z][A-Za-z ,]*:$/) {
        print ".SH \"" toupper(substr(said, 1, length(said) - 1)) "\""
        in_section = 1
      } else {
        if (fresh) print ".PP"
        line(typed(said))
      }
      fresh = 0
      continue
    }
    fresh = 0
    sub(/^ +/, "", said)
    # An option, or another word with what it means behind two blanks.
    if (!in_code && (option_indent == 0 || depth <= option_indent) && (said ~ /^-/ || said ~ /[^ ]   *[^ ]/)) {
      option_indent = depth
      if (!in_section && said ~ /^-/) print ".SH OPTIONS"
      in_section = 1
      print ".TP"
      # A name of its value that fills the column has one blank behind it.
      if (match(said, /   */) || match(said, /^--[a-z-]+ [A-Z]+ /)) {
        if (RSTART > 1) { word = substr(said, 1, RSTART - 1); rest = substr(said, RSTART + RLENGTH) }
        else { word = substr(said, 1, RLENGTH - 1); rest = substr(said, RLENGTH + 1) }
        line("\\fB" typed(word) "\\fP")
        line(typed(rest))
      } else {
        line("\\fB" typed(said) "\\fP")
      }
    } else if (option_indent && depth > option_indent) {
      line(typed(said))
    } else {
      if (!in_code) { print ".PP"; print ".RS 4"; print ".nf"; in_code = 1; code_indent = depth }
      line(typed(substr(text[i], code_indent + 1)))
    }
  }
  if (in_code) { print ".fi"; print ".RE" }
  print ".SH \"SEE ALSO\""
  print ".BR mod_wsflow (8)"
}
