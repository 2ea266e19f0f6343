-- mod_wsflow, WSFlowPresence: version 1 of the tables in SQLite, from 3.37 on. The module makes them itself.
--
-- All times are microseconds since 1970; the views have texts that the functions of SQLite know. What a table is for is
-- said in pgsql/1.sql, which has the same ones; docs/internals/presence.md has the whole story. An empty line stands
-- behind each statement and within none: the module cuts the file there.

CREATE TABLE wsflow_schema (
  sole INTEGER PRIMARY KEY CHECK (sole = 1),
  version INTEGER NOT NULL,
  batches INTEGER NOT NULL DEFAULT 0,
  applied INTEGER NOT NULL DEFAULT 0,
  applied_before INTEGER NOT NULL DEFAULT 0,
  keep INTEGER NOT NULL DEFAULT 3600000000,
  most_events INTEGER NOT NULL DEFAULT 1000000,
  events_dropped INTEGER NOT NULL DEFAULT 0
) STRICT;

INSERT INTO wsflow_schema (sole, version) VALUES (1, 1);

CREATE TABLE wsflow_process (
  process INTEGER PRIMARY KEY,
  node TEXT NOT NULL,
  renewed INTEGER NOT NULL,
  expires INTEGER NOT NULL
) STRICT;

CREATE TABLE wsflow_interval (
  key TEXT NOT NULL,
  name TEXT NOT NULL,
  route TEXT NOT NULL,
  opened INTEGER NOT NULL,
  process INTEGER NOT NULL,
  closed INTEGER,
  sockets INTEGER NOT NULL,
  peak INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  grace INTEGER NOT NULL,
  sync INTEGER NOT NULL,
  lost INTEGER NOT NULL DEFAULT 0,
  node TEXT NOT NULL,
  UNIQUE (key, name, route, opened, process)
) STRICT;

CREATE INDEX wsflow_interval_open ON wsflow_interval (process) WHERE closed IS NULL;

CREATE INDEX wsflow_interval_old ON wsflow_interval (closed) WHERE closed IS NOT NULL AND process <> 0 AND lost = 0;

CREATE TABLE wsflow_session (
  key TEXT NOT NULL,
  name TEXT NOT NULL,
  route TEXT NOT NULL,
  joined INTEGER NOT NULL,
  ended INTEGER,
  sockets INTEGER NOT NULL,
  peak INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  settled INTEGER NOT NULL DEFAULT 0,
  UNIQUE (key, name, route, joined)
) STRICT;

CREATE UNIQUE INDEX wsflow_session_open ON wsflow_session (key, name, route) WHERE ended IS NULL;

CREATE INDEX wsflow_session_unsettled ON wsflow_session (ended) WHERE ended IS NOT NULL AND settled = 0;

CREATE INDEX wsflow_session_joined ON wsflow_session (joined);

CREATE INDEX wsflow_session_ended ON wsflow_session (ended);

CREATE TABLE wsflow_event (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  node TEXT NOT NULL,
  change TEXT NOT NULL,
  at INTEGER NOT NULL,
  name TEXT NOT NULL,
  route TEXT NOT NULL,
  key TEXT NOT NULL,
  joined INTEGER NOT NULL,
  ended INTEGER
) STRICT;

CREATE INDEX wsflow_event_node ON wsflow_event (node, number);

CREATE VIEW wsflow_sessions AS
SELECT name, route, key,
       strftime('%Y-%m-%d %H:%M:%f', joined / 1000000.0, 'unixepoch') AS joined,
       strftime('%Y-%m-%d %H:%M:%f', ended / 1000000.0, 'unixepoch') AS ended,
       ended IS NULL AS online, sockets, peak, bytes
FROM wsflow_session;

CREATE VIEW wsflow_online AS
SELECT s.name, s.route, s.key, strftime('%Y-%m-%d %H:%M:%f', s.joined / 1000000.0, 'unixepoch') AS joined,
       s.sockets, s.peak, s.bytes,
       (SELECT json_group_object(n.node, n.sockets)
        FROM (SELECT i.node, sum(i.sockets) AS sockets FROM wsflow_interval i
              WHERE i.key = s.key AND i.name = s.name AND i.route = s.route AND i.closed IS NULL GROUP BY i.node) n) AS nodes
FROM wsflow_session s
WHERE s.ended IS NULL;

-- What the trigger below works with, as it has no variables; all of it is of the last batch.
CREATE TABLE wsflow_batch (
  node TEXT, process INTEGER, now INTEGER, sync INTEGER, has_events INTEGER, is_end INTEGER, known INTEGER,
  clock INTEGER, old INTEGER, share INTEGER,
  close_below INTEGER,  -- what is open with an older sync is not any more; NULL: nothing is closed
  report INTEGER,
  takes_over INTEGER    -- events of nodes that are gone
);

CREATE TABLE wsflow_gone (process INTEGER PRIMARY KEY, at INTEGER);

CREATE TABLE wsflow_given (
  key TEXT, name TEXT, route TEXT, opened INTEGER, closed INTEGER, sockets INTEGER, peak INTEGER, bytes INTEGER,
  grace INTEGER, PRIMARY KEY (key, name, route, opened)
) WITHOUT ROWID;

CREATE TABLE wsflow_touched (key TEXT, name TEXT, route TEXT, PRIMARY KEY (key, name, route)) WITHOUT ROWID;

CREATE TABLE wsflow_change (
  key TEXT, name TEXT, route TEXT, joined INTEGER, ended INTEGER, sockets INTEGER, peak INTEGER, bytes INTEGER,
  was INTEGER, was_open INTEGER, PRIMARY KEY (key, name, route, joined)
) WITHOUT ROWID;

CREATE TABLE wsflow_answer (place INTEGER PRIMARY KEY, answer, c1, c2, c3, c4, c5, c6, c7, c8);

CREATE VIEW wsflow_apply (batch) AS SELECT NULL;

-- INSERT INTO wsflow_apply VALUES (batch) applies a batch; the answer is in wsflow_answer until the next one. CROSS JOIN
-- keeps SQLite to the order of the tables, and so to their indexes, whatever it knows of them.
CREATE TRIGGER wsflow_apply INSTEAD OF INSERT ON wsflow_apply
BEGIN
  UPDATE wsflow_schema
  SET batches = batches + 1, applied_before = applied,
      applied = CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER);
  DELETE FROM wsflow_batch;
  DELETE FROM wsflow_gone;
  DELETE FROM wsflow_given;
  DELETE FROM wsflow_touched;
  DELETE FROM wsflow_change;
  DELETE FROM wsflow_answer;
  INSERT INTO wsflow_batch
  SELECT b.node, b.process, b.now, coalesce(b.sync, 0), coalesce(b.has_events, 0), coalesce(b.is_end, 0),
         EXISTS (SELECT 1 FROM wsflow_process p WHERE p.process = b.process), b.clock, b.clock - s.keep,
         20 + 2 * coalesce(b.number, 0),
         CASE WHEN b.is_end THEN 9000000000000000000 WHEN json_extract(NEW.batch, '$.sweep') THEN coalesce(b.sync, 0) END,
         json_extract(NEW.batch, '$.report'), 0
  FROM wsflow_schema s CROSS JOIN (
    SELECT json_extract(NEW.batch, '$.node') AS node, json_extract(NEW.batch, '$.process') AS process,
           json_extract(NEW.batch, '$.now') AS now, json_extract(NEW.batch, '$.sync') AS sync,
           json_extract(NEW.batch, '$.events') AS has_events, json_extract(NEW.batch, '$.end') AS is_end,
           json_array_length(NEW.batch, '$.rows') AS number,
           CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER) AS clock) b;
  -- While the database was away, nobody could renew a lease. Whoever lives sends a batch within a third of it.
  UPDATE wsflow_process
  SET expires = expires + (SELECT applied - applied_before FROM wsflow_schema) - json_extract(NEW.batch, '$.lease') / 2
  WHERE json_extract(NEW.batch, '$.lease') > 0
    AND (SELECT applied - applied_before FROM wsflow_schema) > json_extract(NEW.batch, '$.lease') / 2;
  INSERT INTO wsflow_process (process, node, renewed, expires)
  SELECT process, node, now, clock + json_extract(NEW.batch, '$.lease') FROM wsflow_batch WHERE true
  ON CONFLICT (process) DO UPDATE SET node = excluded.node, renewed = excluded.renewed, expires = excluded.expires;
  -- Processes that are dead, and those whose lease is over.
  INSERT INTO wsflow_gone (process, at)
  SELECT p.process, coalesce((SELECT max(json_extract(d.value, '$[1]')) FROM json_each(NEW.batch, '$.dead') d
                              WHERE json_extract(d.value, '$[0]') = p.process), p.renewed)
  FROM wsflow_batch b CROSS JOIN wsflow_process p
  WHERE p.process <> b.process
    AND (p.expires < b.clock
         OR p.process IN (SELECT json_extract(d.value, '$[0]') FROM json_each(NEW.batch, '$.dead') d));
  DELETE FROM wsflow_process WHERE process IN (SELECT process FROM wsflow_gone);
  INSERT OR IGNORE INTO wsflow_touched
  SELECT i.key, i.name, i.route FROM wsflow_gone g CROSS JOIN wsflow_interval i ON i.process = g.process
  WHERE i.closed IS NULL;
  UPDATE wsflow_interval
  SET closed = max(opened, (SELECT g.at FROM wsflow_gone g WHERE g.process = wsflow_interval.process)),
      sockets = 0, lost = 1
  WHERE closed IS NULL AND process IN (SELECT process FROM wsflow_gone);
  -- The rows of the batch, of which the last one counts. What its process has closed stays so: a batch may be stored
  -- late, by a connection that its process has given up. What lies within history, or within what was folded, is
  -- known there.
  INSERT OR REPLACE INTO wsflow_given (key, name, route, opened, closed, sockets, peak, bytes, grace)
  SELECT json_extract(r.value, '$[2]'), json_extract(r.value, '$[0]'), json_extract(r.value, '$[1]'),
         json_extract(r.value, '$[3]'), max(json_extract(r.value, '$[4]'), json_extract(r.value, '$[3]')),
         CASE WHEN json_extract(r.value, '$[4]') IS NULL THEN json_extract(r.value, '$[5]') ELSE 0 END,
         json_extract(r.value, '$[6]'), json_extract(r.value, '$[7]'), json_extract(r.value, '$[8]')
  FROM json_each(NEW.batch, '$.rows') r ORDER BY r.key;
  DELETE FROM wsflow_given
  WHERE EXISTS (SELECT 1 FROM wsflow_batch b CROSS JOIN wsflow_interval i
                WHERE i.key = wsflow_given.key AND i.name = wsflow_given.name AND i.route = wsflow_given.route
                  AND i.opened = wsflow_given.opened AND i.process = b.process AND i.closed IS NOT NULL AND i.lost = 0)
     OR closed < (SELECT old FROM wsflow_batch)
        AND NOT EXISTS (SELECT 1 FROM wsflow_batch b CROSS JOIN wsflow_interval i
                        WHERE i.key = wsflow_given.key AND i.name = wsflow_given.name AND i.route = wsflow_given.route
                          AND i.opened = wsflow_given.opened AND i.process = b.process)
        AND (EXISTS (SELECT 1 FROM wsflow_session s
                     WHERE s.key = wsflow_given.key AND s.name = wsflow_given.name AND s.route = wsflow_given.route
                       AND s.joined <= wsflow_given.opened AND s.ended >= wsflow_given.closed AND s.settled = 1)
             OR EXISTS (SELECT 1 FROM wsflow_interval i
                        WHERE i.key = wsflow_given.key AND i.name = wsflow_given.name AND i.route = wsflow_given.route
                          AND i.opened <= wsflow_given.opened AND i.closed >= wsflow_given.closed AND i.process = 0));
  INSERT OR IGNORE INTO wsflow_touched SELECT key, name, route FROM wsflow_given;
  INSERT INTO wsflow_interval (key, name, route, opened, process, closed, sockets, peak, bytes, grace, sync, node)
  SELECT g.key, g.name, g.route, g.opened, b.process, g.closed, g.sockets, g.peak, g.bytes, g.grace, b.sync, b.node
  FROM wsflow_batch b CROSS JOIN wsflow_given g WHERE true
  ON CONFLICT (key, name, route, opened, process) DO UPDATE
  SET closed = excluded.closed, sockets = excluded.sockets, peak = max(peak, excluded.peak),
      bytes = max(bytes, excluded.bytes), grace = excluded.grace, sync = excluded.sync, node = excluded.node, lost = 0;
  -- sweep and end: what is open here and is not any more.
  INSERT OR IGNORE INTO wsflow_touched
  SELECT i.key, i.name, i.route FROM wsflow_batch b CROSS JOIN wsflow_interval i ON i.process = b.process
  WHERE b.close_below IS NOT NULL AND i.closed IS NULL AND i.sync < b.close_below;
  UPDATE wsflow_interval
  SET closed = max(opened, (SELECT b.now FROM wsflow_batch b)), sockets = 0, lost = NOT (SELECT b.is_end FROM wsflow_batch b)
  WHERE rowid IN (SELECT i.rowid FROM wsflow_batch b CROSS JOIN wsflow_interval i ON i.process = b.process
                  WHERE b.close_below IS NOT NULL AND i.closed IS NULL AND i.sync < b.close_below);
  DELETE FROM wsflow_process WHERE process = (SELECT process FROM wsflow_batch WHERE is_end);
  -- The sessions of what was touched, anew: islands of intervals, and the sessions that began within them. A session
  -- that is history is taken up again by the very interval that began it, and by no other.
  INSERT INTO wsflow_change (key, name, route, joined, ended, sockets, peak, bytes)
  SELECT n.key, n.name, n.route, min(n.opened), CASE WHEN count(*) = count(n.closed) THEN max(n.closed) END,
         sum(n.sockets), max(n.peak), sum(n.bytes)
  FROM (SELECT m.*, sum(m.is_first) OVER (PARTITION BY m.key, m.name, m.route ORDER BY m.opened, m.process) AS island
        FROM (SELECT i.key, i.name, i.route, i.opened, i.process, i.closed, i.sockets, i.peak, i.bytes,
                     coalesce(i.opened - max(coalesce(i.closed, 9000000000000000000)) OVER before > i.grace, 1) AS is_first
              FROM wsflow_touched t CROSS JOIN wsflow_interval i
                ON i.key = t.key AND i.name = t.name AND i.route = t.route
              WINDOW before AS (PARTITION BY i.key, i.name, i.route ORDER BY i.opened, i.process
                                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) m) n
  GROUP BY n.key, n.name, n.route, n.island;
  UPDATE wsflow_change
  SET (was, was_open, peak, bytes) = (
    SELECT min(s.joined), coalesce(max(s.ended IS NULL), 0), max(wsflow_change.peak, wsflow_change.sockets, coalesce(max(s.peak), 0)),
           max(wsflow_change.bytes, coalesce(max(CASE WHEN s.settled THEN s.bytes END), 0))
    FROM wsflow_session s
    WHERE s.key = wsflow_change.key AND s.name = wsflow_change.name AND s.route = wsflow_change.route
      AND s.joined >= wsflow_change.joined AND s.joined <= coalesce(wsflow_change.ended, 9000000000000000000)
      AND (s.settled = 0 OR s.joined = wsflow_change.joined));
  -- In this order: a key has one open session at any moment.
  DELETE FROM wsflow_session
  WHERE rowid IN (SELECT s.rowid FROM wsflow_change c CROSS JOIN wsflow_session s
                    ON s.key = c.key AND s.name = c.name AND s.route = c.route
                  WHERE s.joined > c.was AND s.joined <= coalesce(c.ended, 9000000000000000000) AND s.settled = 0);
  UPDATE wsflow_session
  SET joined = c.joined, ended = c.ended, sockets = c.sockets, peak = c.peak, bytes = c.bytes, settled = 0
  FROM wsflow_change c
  WHERE wsflow_session.key = c.key AND wsflow_session.name = c.name AND wsflow_session.route = c.route
    AND wsflow_session.joined = c.was AND c.ended IS NOT NULL
    AND (wsflow_session.joined <> c.joined OR wsflow_session.ended IS NOT c.ended OR wsflow_session.sockets <> c.sockets
         OR wsflow_session.peak <> c.peak OR wsflow_session.bytes <> c.bytes OR wsflow_session.settled = 1);
  UPDATE wsflow_session
  SET joined = c.joined, ended = c.ended, sockets = c.sockets, peak = c.peak, bytes = c.bytes, settled = 0
  FROM wsflow_change c
  WHERE wsflow_session.key = c.key AND wsflow_session.name = c.name AND wsflow_session.route = c.route
    AND wsflow_session.joined = c.was AND c.ended IS NULL
    AND (wsflow_session.joined <> c.joined OR wsflow_session.ended IS NOT c.ended OR wsflow_session.sockets <> c.sockets
         OR wsflow_session.peak <> c.peak OR wsflow_session.bytes <> c.bytes OR wsflow_session.settled = 1);
  INSERT INTO wsflow_session (key, name, route, joined, ended, sockets, peak, bytes)
  SELECT key, name, route, joined, ended, sockets, peak, bytes FROM wsflow_change WHERE was IS NULL;
  INSERT INTO wsflow_event (node, change, at, name, route, key, joined, ended)
  SELECT b.node, e.change, e.at, e.name, e.route, e.key, e.joined, e.ended
  FROM wsflow_batch b CROSS JOIN (
    SELECT 'join' AS change, c.joined AS at, c.name, c.route, c.key, c.joined, NULL AS ended
    FROM wsflow_change c WHERE c.was IS NULL OR NOT c.was_open AND c.ended IS NULL
    UNION ALL
    SELECT 'leave', c.ended, c.name, c.route, c.key, c.joined, c.ended
    FROM wsflow_change c WHERE c.ended IS NOT NULL AND (c.was IS NULL OR c.was_open)) e
  WHERE b.has_events ORDER BY e.at, e.change, e.key, e.name, e.route;
  UPDATE wsflow_batch SET takes_over = EXISTS (SELECT 1 FROM wsflow_gone) OR (SELECT s.batches FROM wsflow_schema s) % 64 = 0
  WHERE has_events;
  UPDATE wsflow_event SET node = (SELECT b.node FROM wsflow_batch b)
  WHERE number IN (SELECT e.number FROM wsflow_batch b CROSS JOIN wsflow_event e
                   WHERE b.takes_over AND e.node <> b.node AND e.node NOT IN (SELECT p.node FROM wsflow_process p));
  DELETE FROM wsflow_event WHERE number IN (SELECT d.value FROM json_each(NEW.batch, '$.delivered') d);
  UPDATE wsflow_schema
  SET events_dropped = events_dropped + max(0, (SELECT count(*) FROM wsflow_event) - most_events)
  WHERE batches % 64 = 0
    AND (SELECT max(number) FROM wsflow_event) - (SELECT min(number) FROM wsflow_event) >= most_events;
  DELETE FROM wsflow_event
  WHERE (SELECT batches FROM wsflow_schema) % 64 = 0
    AND number <= (SELECT e.number FROM wsflow_event e ORDER BY e.number DESC
                   LIMIT 1 OFFSET (SELECT most_events FROM wsflow_schema));
  -- Each batch tidies up some more than it may have added. Sessions that ended long ago are history.
  DELETE FROM wsflow_change;
  INSERT OR IGNORE INTO wsflow_change (key, name, route, joined, ended)
  SELECT s.key, s.name, s.route, s.joined, s.ended
  FROM wsflow_session s INDEXED BY wsflow_session_unsettled
  WHERE s.ended IS NOT NULL AND s.settled = 0 AND s.ended < (SELECT old FROM wsflow_batch)
  ORDER BY s.ended LIMIT (SELECT share FROM wsflow_batch);
  DELETE FROM wsflow_interval
  WHERE rowid IN (SELECT i.rowid FROM wsflow_change c CROSS JOIN wsflow_interval i
                    ON i.key = c.key AND i.name = c.name AND i.route = c.route
                  WHERE i.opened BETWEEN c.joined AND c.ended);
  UPDATE wsflow_session SET settled = 1
  WHERE rowid IN (SELECT s.rowid FROM wsflow_change c CROSS JOIN wsflow_session s
                    ON s.key = c.key AND s.name = c.name AND s.route = c.route AND s.joined = c.joined);
  -- Old intervals of a session that goes on become one: of all its intervals that may be folded, here with the grace
  -- of the first as `sockets`, and the beginning of the session as `was`.
  DELETE FROM wsflow_change;
  INSERT INTO wsflow_change (key, name, route, joined, ended, sockets, peak, bytes, was)
  SELECT f.key, f.name, f.route, min(f.opened), max(f.closed), max(f.grace), max(f.peak), sum(f.bytes), f.joined
  FROM (SELECT i.key, i.name, i.route, i.opened, i.closed, i.peak, i.bytes, s.joined,
               first_value(i.grace) OVER (PARTITION BY i.key, i.name, i.route, s.joined ORDER BY i.opened) AS grace
        FROM (SELECT DISTINCT s.key, s.name, s.route, s.joined, coalesce(s.ended, 9000000000000000000) AS ended
              FROM (SELECT i.key, i.name, i.route, i.opened FROM wsflow_interval i INDEXED BY wsflow_interval_old
                    WHERE i.closed IS NOT NULL AND i.process <> 0 AND i.lost = 0
                      AND i.closed < (SELECT old FROM wsflow_batch)
                    ORDER BY i.closed LIMIT (SELECT share FROM wsflow_batch)) r
              CROSS JOIN wsflow_session s
                ON s.key = r.key AND s.name = r.name AND s.route = r.route AND s.joined <= r.opened
                   AND coalesce(s.ended, 9000000000000000000) >= r.opened AND s.settled = 0) s
        CROSS JOIN wsflow_interval i
          ON i.key = s.key AND i.name = s.name AND i.route = s.route AND i.opened BETWEEN s.joined AND s.ended
        WHERE i.closed < (SELECT old FROM wsflow_batch) AND i.lost = 0) f
  GROUP BY f.key, f.name, f.route, f.joined;
  DELETE FROM wsflow_interval
  WHERE rowid IN (SELECT i.rowid FROM wsflow_batch b CROSS JOIN wsflow_change c CROSS JOIN wsflow_interval i
                    ON i.key = c.key AND i.name = c.name AND i.route = c.route
                  WHERE i.opened BETWEEN c.was AND c.ended AND i.closed < b.old AND i.lost = 0);
  INSERT INTO wsflow_interval (key, name, route, opened, process, closed, sockets, peak, bytes, grace, sync, node)
  SELECT key, name, route, joined, 0, ended, 0, peak, bytes, sockets, 0, '' FROM wsflow_change;
  -- The answer.
  INSERT INTO wsflow_answer (answer) SELECT 'resync' FROM wsflow_batch WHERE NOT known AND NOT is_end;
  INSERT INTO wsflow_answer (answer, c1, c2, c3, c4, c5, c6, c7, c8)
  SELECT 'event', e.number, e.change, e.at, e.name, e.route, e.key, e.joined, e.ended
  FROM wsflow_event e WHERE e.node = (SELECT node FROM wsflow_batch)
  ORDER BY e.number LIMIT coalesce(json_extract(NEW.batch, '$.take'), 0);
  INSERT INTO wsflow_answer (answer, c1, c2, c3, c4, c5, c6)
  SELECT 'node', p.node, p.processes, p.renewed, p.expires - b.clock, coalesce(o.keys, 0), coalesce(o.sockets, 0)
  FROM wsflow_batch b
  CROSS JOIN (SELECT node, count(*) AS processes, max(renewed) AS renewed, max(expires) AS expires
              FROM wsflow_process GROUP BY node) p
  LEFT JOIN (SELECT k.node, count(*) AS keys, sum(k.sockets) AS sockets
             FROM (SELECT i.node, sum(i.sockets) AS sockets FROM wsflow_batch r CROSS JOIN wsflow_interval i
                   WHERE r.report AND i.closed IS NULL GROUP BY i.node, i.key, i.name, i.route) k
             GROUP BY k.node) o ON o.node = p.node
  WHERE b.report ORDER BY p.node;
  INSERT INTO wsflow_answer (answer, c1, c2)
  SELECT 'online', o.sessions, o.sockets
  FROM wsflow_batch b
  CROSS JOIN (SELECT count(*) AS sessions, coalesce(sum(s.sockets), 0) AS sockets
              FROM wsflow_batch r CROSS JOIN wsflow_session s WHERE r.report AND s.ended IS NULL) o
  WHERE b.report;
END;
