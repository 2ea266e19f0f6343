# The manual as a page for man(1): docs/mod_wsflow.md in, roff out.
#   awk -v version=0.1.0 -f apxs/manual.awk docs/mod_wsflow.md > mod_wsflow.8
# It knows the Markdown that the manual has: headings, field lines, paragraphs, lists, tables, terms (`key` : what it is), code
# that is indented by four spaces, and `code`, **bold**, *emphasis* and [links](…) in the text.

# Text as roff takes it, without any mark of its own.
function plain(text) {
  gsub(/\\/, "\\e", text)
  return text
}

# What is to be typed: its hyphens are those of ASCII.
function typed(text) {
  text = plain(text)
  gsub(/-/, "\\-", text)
  return text
}

# TEXT from the mark MARK on, up to the next one; "" if there is no pair.
function between(text, mark,   rest, end) {
  if (substr(text, 1, length(mark)) != mark) return ""
  rest = substr(text, length(mark) + 1)
  end = index(rest, mark)
  return end > 1 ? substr(rest, 1, end - 1) : ""
}

# A link's text, if TEXT begins with a link; LINK_LENGTH is that of the whole.
function link_text(text,   at, end) {
  if (!match(text, /^\[[^\]]*\]\([^)]*\)/)) return ""
  LINK_LENGTH = RLENGTH
  return substr(text, 2, index(text, "](") - 2)
}

function inline(text,   out, found, first) {
  out = ""
  while (text != "") {
    first = substr(text, 1, 1)
    if (first == "\\" && substr(text, 2, 1) == "|") {
      out = out "|"
      text = substr(text, 3)
    } else if (first == "`" && (found = between(text, "`")) != "") {
      text = substr(text, length(found) + 3)
      gsub(/\\\|/, "|", found)
      out = out "\\fB" typed(found) "\\fP"
    } else if (first == "*" && (found = between(text, "**")) != "") {
      out = out "\\fB" inline(found) "\\fP"
      text = substr(text, length(found) + 5)
    } else if (first == "*" && (found = between(text, "*")) != "") {
      out = out "\\fI" inline(found) "\\fP"
      text = substr(text, length(found) + 3)
    } else if (first == "[" && (found = link_text(text)) != "") {
      text = substr(text, LINK_LENGTH + 1)
      out = out inline(found)
    } else {
      out = out plain(first)
      text = substr(text, 2)
    }
  }
  return out
}

# A line of roff: one that begins with a dot or a quote would be a request.
function line(text) {
  print (text ~ /^[.']/ ? "\\&" : "") text
}

function flush_paragraph() {
  if (paragraph == "") return
  gsub(/<a id="[^"]*"><\/a>/, "", paragraph)
  # "`key` : what it is": a term and its text.
  if (match(paragraph, /^`[^`]*`(, `[^`]*`)* : /)) {
    print ".TP"
    line(inline(substr(paragraph, 1, RLENGTH - 3)))
    line(inline(substr(paragraph, RLENGTH + 1)))
  } else {
    if (!in_item) print ".PP"
    line(inline(paragraph))
  }
  paragraph = ""
  in_item = 0
}

function flush_code() {
  if (!in_code) return
  print ".fi"
  print ".RE"
  in_code = 0
  blanks = 0
}

function flush() {
  flush_paragraph()
  flush_code()
  columns = 0
}

# The cells of a row of a table, in cell[1] to cell[n].
function split_row(text,   n, i) {
  gsub(/\\\|/, "\001", text)
  sub(/^\|[ ]*/, "", text)
  sub(/[ ]*\|[ ]*$/, "", text)
  n = split(text, cell, /[ ]*\|[ ]*/)
  for (i = 1; i <= n; i++) gsub(/\001/, "\\|", cell[i])
  return n
}

function table_row(text,   n, i, said) {
  n = split_row(text)
  if (!columns) {
    columns = n
    for (i = 1; i <= n; i++) head[i] = cell[i]
    return
  }
  if (text ~ /^[|: -]+$/) return
  print ".TP"
  # A row without a name goes on with what the one before it is about.
  line(inline(cell[1] != "" ? cell[1] : last_name))
  if (cell[1] != "") last_name = cell[1]
  said = 0
  for (i = 2; i <= n; i++) {
    if (cell[i] == "") continue
    if (said++) print ".br"
    line((columns > 2 && head[i] != "" ? "\\fI" inline(head[i]) "\\fP: " : "") inline(cell[i]))
  }
}

function heading(title) {
  flush()
  print ".SH " (title ~ /"/ ? title : "\"" toupper(title) "\"")
}

FNR == 1 { pass++ }

# The first reading is for the synopsis and for what the page is about.
pass == 1 && /^- \*\*Description:\*\*/ && about == "" { about = $0; sub(/^[^:]*:\*\* */, "", about) }
pass == 1 && /^- \*\*Compatibility:\*\*/ { compatibility = $0; sub(/^[^:]*:\*\* */, "", compatibility) }
pass == 1 && /^- \*\*Syntax:\*\* `/ {
  syntax = $0
  sub(/^[^`]*`/, "", syntax)
  sub(/`[^`]*$/, "", syntax)
  synopsis[++directives] = syntax
}
pass == 1 { next }

pass == 2 && FNR == 1 {
  if (about == "" || directives == 0) {
    print FILENAME ": this is not the manual: it has no description, or no directive" > "/dev/stderr"
    failed = 1
    exit 1
  }
  print ".\\\" Made by apxs/manual.awk of docs/mod_wsflow.md: changes belong there."
  print ".TH MOD_WSFLOW 8 \"\" \"mod_wsflow " version "\" \"Apache httpd\""
  print ".SH NAME"
  print "mod_wsflow \\- " inline(about)
  print ".SH SYNOPSIS"
  line("\\fBLoadModule wsflow_module\\fP \\fI...\\fP/mod_wsflow.so")
  for (i = 1; i <= directives; i++) {
    print ".br"
    line(typed(synopsis[i]))
  }
}

/^# / { in_title = 1; next }
in_title && /^- / { next }

/^## / {
  title = substr($0, 4)
  in_title = 0
  if (title == "Summary") {
    heading("DESCRIPTION")
    print "Needs " inline(compatibility) "."
  } else if (title ~ /^WSFlow/) {
    if (!in_directives) heading("DIRECTIVES")
    in_directives = 1
    flush()
    print ".SS " title
    print ".PD 0"
    fields = 1
  } else {
    in_directives = 0
    heading(title)
  }
  next
}
/^###+ / {
  flush()
  title = $0
  sub(/^#+ /, "", title)
  print ".PP"
  line("\\fB" inline(title) "\\fP")
  next
}

fields && /^- \*\*[A-Za-z]+:\*\*/ {
  if ($0 ~ /\*\*(Status|Module):/) next
  name = $0
  sub(/^- \*\*/, "", name)
  sub(/:\*\*.*/, "", name)
  sub(/^[^:]*:\*\* */, "")
  print ".TP 13"
  print name ":"
  line(inline($0))
  next
}

/^ *$/ {
  if (in_code) { blanks++; next }
  if (fields == 2) { print ".PD"; fields = 0 }
  if (fields == 1) fields = 2
  flush_paragraph()
  columns = 0
  next
}

# Code; a line that is indented as the text of a list goes on is no code.
/^    / && paragraph == "" {
  if (!in_code) {
    print ".PP"
    print ".RS 4"
    print ".nf"
    in_code = 1
    blanks = 0
  }
  while (blanks > 0) { print ""; blanks-- }
  line(typed(substr($0, 5)))
  next
}

{
  flush_code()
  if (fields) { print ".PD"; fields = 0 }
}

/^\|/ { flush_paragraph(); table_row($0); next }

/^- / || /^[0-9]+\. / {
  flush_paragraph()
  columns = 0
  print ($0 ~ /^-/ ? ".IP \\(bu 2" : ".IP " $1 " 4")
  in_item = 1
  sub(/^(-|[0-9]+\.) +/, "")
}

{
  sub(/^ +/, "")
  # "`key`", and below it ": what it is".
  if (/^: / && paragraph == "") sub(/^: /, "")
  paragraph = paragraph (paragraph == "" ? "" : " ") $0
}

END {
  if (failed) exit 1
  flush()
  print ".SH \"SEE ALSO\""
  print ".BR wsflow\\-doctor (8),"
  print ".BR wsflow\\-load (1),"
  print ".BR apachectl (8);"
  print "the documents that come with the module:"
  print "operating.md, flow\\-control.md, reloads.md, status\\-formats.md, metrics.md, log\\-messages.md."
}
