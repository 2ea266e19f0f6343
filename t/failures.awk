# Reads ctest's LastTest.log and tells of every failed try of a test what it said itself: the lines of pytest and of the
# log oracle that give a reason, and the end of its output. Exits with 1 if a second try, which passed, is no excuse: for
# what needs no luck with the machine's time, and for what a sanitizer, valgrind or a crash has told.

BEGIN { max_reasons = 20; max_end = 12 }

/^[0-9]+\/[0-9]+ Test: / {
  name = $0
  sub(/^[0-9]+\/[0-9]+ Test: /, "", name)
  said = reasons = count = 0
  grave = name !~ /^(httpd|stores|cluster)\./
}
/^Output:$/ { getline; said = 1; next }
/^<end of output>$/ { said = 0 }
said {
  end[count++ % max_end] = $0
  if (/^E  |^(undeclared|missing): |: FAILED:$|ERROR: / && reasons < max_reasons) reason[reasons++] = $0
}
said && /^undeclared: .*AH0005[12]|^(sanitizer|valgrind)\.[0-9]+:/ { grave = 1 }
/^Test time =/ { time = $4 }
/^Test Failed\.$/ {
  print "\n== failed: " name " (" time " s)" (grave ? "" : ", in a try of two")
  inexcusable = inexcusable || grave
  for (i = 0; i < reasons; ++i) print substr(reason[i], 1, 400)
  print "-- the end of its output:"
  for (i = count > max_end ? count - max_end : 0; i < count; ++i) print substr(end[i % max_end], 1, 400)
}
END { exit inexcusable ? 1 : 0 }
