"""The questions that people ask (docs/presence.md), on both databases."""

import datetime

import pytest
from batches import Process, row

SECOND, HOUR, DAY = 10**6, 3600 * 10**6, 86400 * 10**6

ONLINE = "SELECT key, joined, sockets, nodes FROM wsflow_online WHERE name = 'viewers' ORDER BY joined"

# Of the last 24 hours. Each hour begins with those who were there already.
PEAK = {
    "pgsql": """
WITH hours AS (
  SELECT generate_series(date_trunc('hour', now()) - interval '23 hours', now(), interval '1 hour') AS hour
), sessions AS (
  SELECT joined, ended FROM wsflow_session
  WHERE name = 'viewers' AND (ended IS NULL OR ended > (extract(epoch FROM now()) - 86400) * 1000000)
), steps AS (
  SELECT joined AS at, 1 AS step FROM sessions
  UNION ALL SELECT ended, -1 FROM sessions WHERE ended IS NOT NULL
  UNION ALL SELECT CAST(extract(epoch FROM hour) * 1000000 AS bigint), 0 FROM hours
), levels AS (
  SELECT at, sum(sum(step)) OVER (ORDER BY at) AS online FROM steps GROUP BY at
)
SELECT hour, max(online) AS peak
FROM hours JOIN levels ON at >= extract(epoch FROM hour) * 1000000 AND at < extract(epoch FROM hour) * 1000000 + 3600000000
GROUP BY hour ORDER BY hour
""",
    "sqlite3": """
WITH RECURSIVE hours (hour) AS (
  SELECT (CAST(strftime('%s', 'now') AS INTEGER) / 3600 - 23) * 3600000000
  UNION ALL SELECT hour + 3600000000 FROM hours WHERE hour / 1000000 + 3600 <= CAST(strftime('%s', 'now') AS INTEGER)
), sessions AS (
  SELECT joined, ended FROM wsflow_session
  WHERE name = 'viewers' AND (ended IS NULL OR ended > (strftime('%s', 'now') - 86400) * 1000000)
), steps AS (
  SELECT joined AS at, 1 AS step FROM sessions
  UNION ALL SELECT ended, -1 FROM sessions WHERE ended IS NOT NULL
  UNION ALL SELECT hour, 0 FROM hours
), levels AS (
  SELECT at, sum(sum(step)) OVER (ORDER BY at) AS online FROM steps GROUP BY at
)
SELECT datetime(at / 3600000000 * 3600, 'unixepoch') AS hour, max(online) AS peak
FROM levels WHERE at >= (SELECT min(hour) FROM hours) GROUP BY at / 3600000000 ORDER BY 1
""",
}

# A session that goes over midnight counts for both days.
WATCHED = {
    "pgsql": """
SELECT key, CAST(day AS date) AS day,
       CAST(extract(epoch FROM sum(least(coalesce(ended, now()), day + interval '1 day') - greatest(joined, day))) AS bigint)
         AS seconds
FROM wsflow_sessions
CROSS JOIN LATERAL generate_series(date_trunc('day', joined), coalesce(ended, now()), interval '1 day') AS day
WHERE name = 'viewers'
GROUP BY key, day ORDER BY key, day
""",
    "sqlite3": """
WITH RECURSIVE parts (key, begins, ends) AS (
  SELECT key, joined, coalesce(ended, CAST(strftime('%s', 'now') AS INTEGER) * 1000000) FROM wsflow_session
  WHERE name = 'viewers'
  UNION ALL
  SELECT key, (begins / 86400000000 + 1) * 86400000000, ends FROM parts WHERE begins / 86400000000 < ends / 86400000000
)
SELECT key, date(begins / 1000000, 'unixepoch') AS day,
       CAST(round(sum(min(ends, (begins / 86400000000 + 1) * 86400000000) - begins) / 1000000.0) AS INTEGER) AS seconds
FROM parts GROUP BY key, day ORDER BY key, day
""",
}


def text_of(moment):
    return datetime.datetime.fromtimestamp(moment // SECOND, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")


@pytest.fixture
def times(database, connect):
    """The beginning of this hour, and of today, with sessions around both."""
    store = connect()
    now = int(datetime.datetime.now(datetime.timezone.utc).timestamp()) * SECOND
    hour, day = now // HOUR * HOUR, now // DAY * DAY
    Process(store, 1, "a").send(
        row("anna", hour - 2 * HOUR + 10 * SECOND, hour - 2 * HOUR + 20 * SECOND), row("bert", hour - 3 * HOUR, hour - SECOND),
        row("chen", hour - 2 * HOUR + 15 * SECOND), row("guest", hour - HOUR, name="guests"),
        row("late", day - 3 * DAY - 90 * SECOND, day - 3 * DAY + 30 * SECOND),
        row("late", day - 3 * DAY + 60 * SECOND, day - 3 * DAY + 70 * SECOND))
    Process(store, 2, "b").send(row("chen", hour - 60 * SECOND, sockets=2))
    return hour, day


def test_who_is_online(database, times):
    ((key, joined, sockets, nodes),) = database.rows(ONLINE)
    assert (key, sockets) == ("chen", 3) and str(nodes).replace("'", '"').replace(" ", "") == '{"a":1,"b":2}'
    assert joined.replace(" ", "T")[:19] == text_of(times[0] - 2 * HOUR + 15 * SECOND)


def test_the_peak_of_each_hour(database, times):
    hour, _ = times
    peaks = {each[0].replace(" ", "T")[:19]: int(each[1]) for each in database.rows(PEAK[database.driver])}
    assert len(peaks) == 24 and {at: peak for at, peak in peaks.items() if peak} == {
        text_of(hour - 3 * HOUR): 1, text_of(hour - 2 * HOUR): 3, text_of(hour - HOUR): 2, text_of(hour): 1}


def test_the_time_watched_of_each_day(database, times):
    watched = [each for each in database.rows(WATCHED[database.driver]) if each[0] == "late"]
    day = times[1] - 3 * DAY
    assert watched == [["late", text_of(day - DAY)[:10], 90], ["late", text_of(day)[:10], 40]]
