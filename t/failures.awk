# Reads ctest's LastTest.log and tells of every failed test what it said itself: the lines of pytest and of the log
# oracle that give a reason, and the end of its output.

BEGIN { max_reasons = 20; max_end = 12 }

/^[0-9]+\/[0-9]+ Test: / { name = $3; said = reasons = count = 0 }
/^Output:$/ { getline; said = 1; next }
/^<end of output>$/ { said = 0 }
said {
  end[count++ % max_end] = $0
  if (/^E  |^(undeclared|missing): |: FAILED:$|ERROR: / && reasons < max_reasons) reason[reasons++] = $0
}
/^Test time =/ { time = $4 }
/^Test Failed\.$/ {
  print "\n== failed: " name " (" time " s)"
  for (i = 0; i < reasons; ++i) print substr(reason[i], 1, 400)
  print "-- the end of its output:"
  for (i = count > max_end ? count - max_end : 0; i < count; ++i) print substr(end[i % max_end], 1, 400)
}
