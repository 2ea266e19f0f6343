-- mod_wsflow, WSFlowPresence: version 1 of the tables in PostgreSQL, from 12 on.
--
-- The module makes them itself if its role may create tables. Else run this file once, as the role of the module or as
-- another one that gives it the rights named at the end:  psql -1 -f 1.sql
--
-- All times are microseconds since 1970; the views have timestamps. docs/internals/presence.md has the whole story.

-- One row. Whoever applies a batch locks it first, so that batches are worked off one after the other. `applied` is when
-- the newest one came, `applied_before` when the one before it did.
CREATE TABLE wsflow_schema (
  version integer NOT NULL,
  batches bigint NOT NULL DEFAULT 0,
  applied bigint NOT NULL DEFAULT 0,
  applied_before bigint NOT NULL DEFAULT 0,
  keep bigint NOT NULL DEFAULT 3600000000,       -- how long the intervals of an ended session are kept
  most_events bigint NOT NULL DEFAULT 1000000,   -- undelivered events: older ones are dropped
  events_dropped bigint NOT NULL DEFAULT 0,
  sole boolean PRIMARY KEY DEFAULT true CHECK (sole)
) WITH (fillfactor = 10);
INSERT INTO wsflow_schema (version) VALUES (1);

-- The leases. `renewed` is by the clock of the process, `expires` by the clock of the database.
CREATE TABLE wsflow_process (
  process bigint PRIMARY KEY,
  node text NOT NULL,
  renewed bigint NOT NULL,
  expires bigint NOT NULL
) WITH (fillfactor = 50);

-- `who` is a digest of name, route and key: a key may be longer than an index allows. `lost`: closed by others than
-- its process, which may open it again. Process 0: old intervals of a session, folded into one.
CREATE TABLE wsflow_interval (
  who uuid NOT NULL,
  opened bigint NOT NULL,
  process bigint NOT NULL,
  closed bigint,
  sockets bigint NOT NULL,
  peak bigint NOT NULL,
  bytes bigint NOT NULL,
  grace bigint NOT NULL,
  sync bigint NOT NULL,
  lost boolean NOT NULL DEFAULT false,
  node text NOT NULL,
  name text NOT NULL,
  route text NOT NULL,
  key text NOT NULL,
  PRIMARY KEY (who, opened, process)
) WITH (fillfactor = 80);
CREATE INDEX wsflow_interval_open ON wsflow_interval (process) WHERE closed IS NULL;
CREATE INDEX wsflow_interval_old ON wsflow_interval (closed) WHERE closed IS NOT NULL AND process <> 0 AND NOT lost;

-- `settled`: its intervals are gone, so it is history.
CREATE TABLE wsflow_session (
  who uuid NOT NULL,
  name text NOT NULL,
  route text NOT NULL,
  key text NOT NULL,
  joined bigint NOT NULL,
  ended bigint,
  sockets bigint NOT NULL,
  peak bigint NOT NULL,
  bytes bigint NOT NULL,
  settled boolean NOT NULL DEFAULT false,
  PRIMARY KEY (who, joined)
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX wsflow_session_open ON wsflow_session (who) WHERE ended IS NULL;
CREATE INDEX wsflow_session_unsettled ON wsflow_session (ended) WHERE ended IS NOT NULL AND NOT settled;
CREATE INDEX wsflow_session_joined ON wsflow_session (joined);
CREATE INDEX wsflow_session_ended ON wsflow_session (ended);
CREATE INDEX wsflow_session_key ON wsflow_session (left(key, 100) COLLATE "C", joined);

CREATE TABLE wsflow_event (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  node text NOT NULL,
  change text NOT NULL,
  at bigint NOT NULL,
  name text NOT NULL,
  route text NOT NULL,
  key text NOT NULL,
  joined bigint NOT NULL,
  ended bigint
);
CREATE INDEX wsflow_event_node ON wsflow_event (node, number);

-- For people.
CREATE VIEW wsflow_sessions AS
SELECT name, route, key,
       timestamptz 'epoch' + joined * interval '1 microsecond' AS joined,
       timestamptz 'epoch' + ended * interval '1 microsecond' AS ended,
       ended IS NULL AS online, sockets, peak, bytes
FROM wsflow_session;

CREATE VIEW wsflow_online AS
SELECT s.name, s.route, s.key, timestamptz 'epoch' + s.joined * interval '1 microsecond' AS joined,
       s.sockets, s.peak, s.bytes,
       (SELECT jsonb_object_agg(n.node, n.sockets)
        FROM (SELECT i.node, sum(i.sockets) AS sockets FROM wsflow_interval i
              WHERE i.who = s.who AND i.closed IS NULL GROUP BY i.node) n) AS nodes
FROM wsflow_session s
WHERE s.ended IS NULL;

-- What becomes of one session.
CREATE TYPE wsflow_change AS (
  who uuid, name text, route text, key text, joined bigint, ended bigint, sockets bigint, peak bigint, bytes bigint,
  was bigint, was_open boolean
);

-- The settings of the function keep its plans to the indexes whatever is known of the tables: a plan that is made
-- while they are small stays for long. Joins by nested loops only read the rows that a batch is about.
CREATE FUNCTION wsflow_apply(batch jsonb)
RETURNS TABLE (answer text, c1 text, c2 text, c3 text, c4 text, c5 text, c6 text, c7 text, c8 text)
LANGUAGE plpgsql VOLATILE
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $apply$
#variable_conflict use_column
DECLARE
  this_node text := batch->>'node';
  this_process bigint := CAST(batch->>'process' AS bigint);
  this_now bigint := CAST(batch->>'now' AS bigint);
  this_lease bigint := CAST(batch->>'lease' AS bigint);
  this_sync bigint := coalesce(CAST(batch->>'sync' AS bigint), 0);
  is_end boolean := coalesce(CAST(batch->>'end' AS boolean), false);
  has_events boolean := coalesce(CAST(batch->>'events' AS boolean), false);
  endless CONSTANT bigint := 9000000000000000000;
  clock bigint;
  silence bigint;
  old bigint;
  share bigint := 20 + 2 * jsonb_array_length(coalesce(batch->'rows', '[]'));
  schema wsflow_schema;
  known boolean;
  lost_nodes text[];
  touched uuid[] := '{}';
  more uuid[];
  changes wsflow_change[];
BEGIN
  UPDATE wsflow_schema
  SET batches = batches + 1, applied_before = applied,
      applied = CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)
  RETURNING * INTO schema;
  -- Behind the lock: whoever waited for it must not judge leases by the time at which it came.
  clock := CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint);
  old := clock - schema.keep;

  -- While the database was away, nobody could renew a lease. Whoever lives sends a batch within a third of it.
  silence := schema.applied - schema.applied_before - this_lease / 2;
  IF this_lease > 0 AND silence > 0 THEN
    UPDATE wsflow_process SET expires = expires + silence;
  END IF;

  UPDATE wsflow_process SET node = this_node, renewed = this_now, expires = clock + this_lease
  WHERE process = this_process;
  known := FOUND;
  IF NOT known THEN
    INSERT INTO wsflow_process VALUES (this_process, this_node, this_now, clock + this_lease);
  END IF;

  -- Processes that are dead, and those whose lease is over.
  WITH told AS (
    SELECT CAST(d->>0 AS bigint) AS process, max(CAST(d->>1 AS bigint)) AS at
    FROM jsonb_array_elements(coalesce(batch->'dead', '[]')) d GROUP BY 1
  ), over AS (
    SELECT p.process, coalesce(t.at, p.renewed) AS at FROM wsflow_process p LEFT JOIN told t USING (process)
    WHERE p.process <> this_process AND (t.process IS NOT NULL OR p.expires < clock)
  ), gone AS (
    DELETE FROM wsflow_process p USING over o WHERE p.process = o.process RETURNING p.process, p.node, o.at
  ), closed AS (
    UPDATE wsflow_interval i SET closed = greatest(i.opened, g.at), sockets = 0, lost = true
    FROM gone g WHERE i.process = g.process AND i.closed IS NULL RETURNING i.who
  )
  SELECT (SELECT array_agg(DISTINCT node) FROM gone), (SELECT array_agg(who) FROM closed) INTO lost_nodes, more;
  touched := touched || more;

  -- The rows of the batch. What its process has closed stays so: a batch may be stored late, by a connection that its
  -- process has given up. What lies within history, or within what was folded, is known there.
  WITH given AS (
    SELECT DISTINCT ON (who, opened) *
    FROM (SELECT CAST(encode(substring(sha256(convert_to(CAST(jsonb_build_array(r->0, r->1, r->2) AS text), 'UTF8'))
                                       FROM 1 FOR 16), 'hex') AS uuid) AS who,
                 r->>0 AS name, r->>1 AS route, r->>2 AS key, CAST(r->>3 AS bigint) AS opened,
                 greatest(CAST(r->>4 AS bigint), CASE WHEN r->>4 IS NULL THEN NULL ELSE CAST(r->>3 AS bigint) END)
                   AS closed,
                 CASE WHEN r->>4 IS NULL THEN CAST(r->>5 AS bigint) ELSE 0 END AS sockets,
                 CAST(r->>6 AS bigint) AS peak, CAST(r->>7 AS bigint) AS bytes, CAST(r->>8 AS bigint) AS grace, place
          FROM jsonb_array_elements(coalesce(batch->'rows', '[]')) WITH ORDINALITY AS given (r, place)) g
    ORDER BY who, opened, place DESC
  ), stored AS (
    INSERT INTO wsflow_interval AS i (who, opened, process, closed, sockets, peak, bytes, grace, sync, node, name, route, key)
    SELECT g.who, g.opened, this_process, g.closed, g.sockets, g.peak, g.bytes, g.grace, this_sync, this_node,
           g.name, g.route, g.key
    FROM given g
    WHERE g.closed IS NULL OR g.closed >= old
       OR EXISTS (SELECT FROM wsflow_interval o
                  WHERE o.who = g.who AND o.opened = g.opened AND o.process = this_process)
       OR NOT EXISTS (SELECT FROM wsflow_session s
                      WHERE s.who = g.who AND s.joined <= g.opened AND s.ended >= g.closed AND s.settled)
          AND NOT EXISTS (SELECT FROM wsflow_interval o
                          WHERE o.who = g.who AND o.opened <= g.opened AND o.closed >= g.closed AND o.process = 0)
    ON CONFLICT (who, opened, process) DO UPDATE
    SET closed = excluded.closed, sockets = excluded.sockets, peak = greatest(i.peak, excluded.peak),
        bytes = greatest(i.bytes, excluded.bytes), grace = excluded.grace, sync = excluded.sync, node = excluded.node,
        lost = false
    WHERE i.closed IS NULL OR i.lost
    RETURNING i.who
  )
  SELECT array_agg(who) INTO more FROM stored;
  touched := touched || more;

  IF coalesce(CAST(batch->>'sweep' AS boolean), false) THEN
    WITH closed AS (
      UPDATE wsflow_interval SET closed = greatest(opened, this_now), sockets = 0, lost = NOT is_end
      WHERE process = this_process AND closed IS NULL AND sync < this_sync RETURNING who
    )
    SELECT array_agg(who) INTO more FROM closed;
    touched := touched || more;
  END IF;

  IF is_end THEN
    WITH closed AS (
      UPDATE wsflow_interval SET closed = greatest(opened, this_now), sockets = 0
      WHERE process = this_process AND closed IS NULL RETURNING who
    )
    SELECT array_agg(who) INTO more FROM closed;
    touched := touched || more;
    DELETE FROM wsflow_process WHERE process = this_process;
  END IF;

  -- The sessions of what was touched, anew: islands of intervals, and the sessions that began within them. A session
  -- that is history is taken up again by the very interval that began it, and by no other.
  WITH keys AS (
    SELECT DISTINCT t.who FROM unnest(touched) AS t (who)
  ), marked AS (
    SELECT i.*, coalesce(i.opened - max(coalesce(i.closed, endless)) OVER before > i.grace, true) AS is_first
    FROM keys k JOIN wsflow_interval i ON i.who = k.who
    WINDOW before AS (PARTITION BY i.who ORDER BY i.opened, i.process ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
  ), numbered AS (
    SELECT m.*, sum(CAST(m.is_first AS integer)) OVER (PARTITION BY m.who ORDER BY m.opened, m.process) AS island
    FROM marked m
  ), islands AS (
    SELECT n.who, min(n.name) AS name, min(n.route) AS route, min(n.key) AS key, min(n.opened) AS joined,
           CASE WHEN count(*) = count(n.closed) THEN max(n.closed) END AS ended,
           CAST(sum(n.sockets) AS bigint) AS sockets, max(n.peak) AS peak, CAST(sum(n.bytes) AS bigint) AS bytes
    FROM numbered n GROUP BY n.who, n.island
  )
  SELECT array_agg(CAST(ROW(l.who, l.name, l.route, l.key, l.joined, l.ended, l.sockets,
                            greatest(l.peak, l.sockets, b.peak), greatest(l.bytes, b.history), b.was, b.was_open)
                        AS wsflow_change))
  INTO changes
  FROM islands l CROSS JOIN LATERAL (
    SELECT min(s.joined) AS was, coalesce(bool_or(s.ended IS NULL), false) AS was_open, max(s.peak) AS peak,
           max(s.bytes) FILTER (WHERE s.settled) AS history
    FROM wsflow_session s
    WHERE s.who = l.who AND s.joined >= l.joined AND s.joined <= coalesce(l.ended, endless)
      AND (NOT s.settled OR s.joined = l.joined)
  ) b;

  -- In this order: a key has one open session at any moment.
  DELETE FROM wsflow_session s USING unnest(changes) c
  WHERE s.who = c.who AND s.joined > c.was AND s.joined <= coalesce(c.ended, endless) AND NOT s.settled;
  UPDATE wsflow_session s
  SET joined = c.joined, ended = c.ended, sockets = c.sockets, peak = c.peak, bytes = c.bytes, settled = false
  FROM unnest(changes) c
  WHERE s.who = c.who AND s.joined = c.was AND c.ended IS NOT NULL
    AND (s.settled, s.joined, s.peak, s.bytes, s.ended) IS DISTINCT FROM (false, c.joined, c.peak, c.bytes, c.ended);
  UPDATE wsflow_session s
  SET joined = c.joined, ended = NULL, sockets = c.sockets, peak = c.peak, bytes = c.bytes, settled = false
  FROM unnest(changes) c
  WHERE s.who = c.who AND s.joined = c.was AND c.ended IS NULL
    AND (s.settled, s.joined, s.sockets, s.peak, s.bytes, s.ended)
        IS DISTINCT FROM (false, c.joined, c.sockets, c.peak, c.bytes, NULL);
  INSERT INTO wsflow_session (who, name, route, key, joined, ended, sockets, peak, bytes)
  SELECT c.who, c.name, c.route, c.key, c.joined, c.ended, c.sockets, c.peak, c.bytes
  FROM unnest(changes) c WHERE c.was IS NULL;

  IF has_events THEN
    INSERT INTO wsflow_event (node, change, at, name, route, key, joined, ended)
    SELECT this_node, e.change, e.at, c.name, c.route, c.key, c.joined, CASE WHEN e.change = 'leave' THEN c.ended END
    FROM unnest(changes) c CROSS JOIN LATERAL (
      SELECT 'join' AS change, c.joined AS at WHERE c.was IS NULL OR NOT c.was_open AND c.ended IS NULL
      UNION ALL
      SELECT 'leave', c.ended WHERE c.ended IS NOT NULL AND (c.was IS NULL OR c.was_open)
    ) e
    ORDER BY e.at, e.change, c.key COLLATE "C", c.name COLLATE "C", c.route COLLATE "C";
    IF lost_nodes IS NOT NULL OR schema.batches % 64 = 0 THEN
      UPDATE wsflow_event e SET node = this_node
      WHERE node <> this_node AND NOT EXISTS (SELECT FROM wsflow_process p WHERE p.node = e.node);
    END IF;
  END IF;
  DELETE FROM wsflow_event
  WHERE number IN (SELECT CAST(d AS bigint) FROM jsonb_array_elements_text(coalesce(batch->'delivered', '[]')) d);
  IF schema.batches % 64 = 0
     AND (SELECT max(number) - min(number) FROM wsflow_event) >= schema.most_events THEN
    WITH dropped AS (
      DELETE FROM wsflow_event
      WHERE number <= (SELECT number FROM wsflow_event ORDER BY number DESC OFFSET schema.most_events LIMIT 1)
      RETURNING 1
    )
    UPDATE wsflow_schema SET events_dropped = events_dropped + (SELECT count(*) FROM dropped)
    WHERE EXISTS (SELECT FROM dropped);
  END IF;

  -- Each batch tidies up some more than it may have added. Sessions that ended long ago are history.
  WITH ripe AS (
    SELECT who, joined, ended FROM wsflow_session
    WHERE ended IS NOT NULL AND NOT settled AND ended < old ORDER BY ended LIMIT share
  ), purged AS (
    DELETE FROM wsflow_interval i USING ripe r WHERE i.who = r.who AND i.opened BETWEEN r.joined AND r.ended
  )
  UPDATE wsflow_session s SET settled = true FROM ripe r WHERE s.who = r.who AND s.joined = r.joined;

  -- Old intervals of a session that goes on become one: of all its intervals that may be folded, here with the grace of
  -- the first as `sockets`, and the beginning of the session as `was`.
  WITH ripe AS (
    SELECT who, opened FROM wsflow_interval
    WHERE closed IS NOT NULL AND process <> 0 AND NOT lost AND closed < old ORDER BY closed LIMIT share
  ), sessions AS (
    SELECT DISTINCT s.who, s.joined, coalesce(s.ended, endless) AS ended
    FROM ripe r JOIN wsflow_session s ON s.who = r.who AND s.joined <= r.opened AND coalesce(s.ended, endless) >= r.opened
    WHERE NOT s.settled
  ), folded AS (
    SELECT i.who, min(i.name), min(i.route), min(i.key), min(i.opened), max(i.closed),
           (array_agg(i.grace ORDER BY i.opened))[1], max(i.peak), CAST(sum(i.bytes) AS bigint), s.joined, false
    FROM sessions s JOIN wsflow_interval i ON i.who = s.who AND i.opened BETWEEN s.joined AND s.ended
    WHERE i.closed < old AND NOT i.lost
    GROUP BY i.who, s.joined
  )
  SELECT array_agg(CAST(ROW(f.*) AS wsflow_change)) INTO changes FROM folded f;
  IF changes IS NOT NULL THEN
    DELETE FROM wsflow_interval i USING unnest(changes) c
    WHERE i.who = c.who AND i.opened BETWEEN c.was AND c.ended AND i.closed < old AND NOT i.lost;
    INSERT INTO wsflow_interval (who, opened, process, closed, sockets, peak, bytes, grace, sync, node, name, route, key)
    SELECT c.who, c.joined, 0, c.ended, 0, c.peak, c.bytes, c.sockets, 0, '', c.name, c.route, c.key FROM unnest(changes) c;
  END IF;

  IF NOT known AND NOT is_end THEN
    answer := 'resync';
    RETURN NEXT;
  END IF;
  RETURN QUERY
  SELECT 'event', CAST(e.number AS text), e.change, CAST(e.at AS text), e.name, e.route, e.key, CAST(e.joined AS text),
         CAST(e.ended AS text)
  FROM wsflow_event e WHERE e.node = this_node ORDER BY e.number LIMIT coalesce(CAST(batch->>'take' AS bigint), 0);
  IF coalesce(CAST(batch->>'report' AS boolean), false) THEN
    RETURN QUERY
    SELECT 'node', p.node, CAST(p.processes AS text), CAST(p.renewed AS text), CAST(p.expires - clock AS text),
           CAST(coalesce(o.keys, 0) AS text), CAST(coalesce(o.sockets, 0) AS text), NULL, NULL
    FROM (SELECT node, count(*) AS processes, max(renewed) AS renewed, max(expires) AS expires
          FROM wsflow_process GROUP BY node) p
    LEFT JOIN (SELECT node, count(DISTINCT who) AS keys, sum(sockets) AS sockets
               FROM wsflow_interval WHERE closed IS NULL GROUP BY node) o ON o.node = p.node
    ORDER BY p.node;
    RETURN QUERY
    SELECT 'online', CAST(count(*) AS text), CAST(coalesce(sum(sockets), 0) AS text), NULL, NULL, NULL, NULL, NULL, NULL
    FROM wsflow_session WHERE ended IS NULL;
  END IF;
END
$apply$;

-- The sessions of the keys that begin so, the newest first.
CREATE FUNCTION wsflow_find(request jsonb)
RETURNS TABLE (answer text, c1 text, c2 text, c3 text, c4 text, c5 text, c6 text, c7 text, c8 text)
LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_generic_plan
AS $find$
#variable_conflict use_column
DECLARE
  beginning text := coalesce(request->>'text', '');
  most bigint := coalesce(CAST(request->>'most' AS bigint), 100);
BEGIN
  IF beginning = '' THEN
    RETURN QUERY
    SELECT 'session', s.name, s.route, s.key, CAST(s.joined AS text), CAST(s.ended AS text), CAST(s.sockets AS text),
           CAST(s.peak AS text), CAST(s.bytes AS text)
    FROM wsflow_session s ORDER BY s.joined DESC LIMIT most;
  ELSE
    RETURN QUERY
    SELECT 'session', s.name, s.route, s.key, CAST(s.joined AS text), CAST(s.ended AS text), CAST(s.sockets AS text),
           CAST(s.peak AS text), CAST(s.bytes AS text)
    FROM wsflow_session s
    WHERE left(s.key, 100) COLLATE "C" >= left(beginning, 100) AND starts_with(s.key, beginning)
      AND left(s.key, 100) COLLATE "C" <= left(beginning, 100) || repeat(chr(1114111), 100)
    ORDER BY s.joined DESC LIMIT most;
  END IF;
END
$find$;

-- If another role than that of the module has run this file:
--   GRANT SELECT, INSERT, UPDATE, DELETE ON wsflow_schema, wsflow_process, wsflow_interval, wsflow_session, wsflow_event
--     TO the_role_of_the_module;
