"""Writes src/core/calendar/tables from the data of the Python library exchange_calendars (Apache-2.0).

Run it from the root of the repository, in a virtual environment, once a year or after a release of the library:

    python3 -m venv /tmp/calendars
    /tmp/calendars/bin/pip install exchange_calendars==4.13.2
    /tmp/calendars/bin/python scripts/calendars.py

CI does not run it: test/core/calendar compares the tables with the checksums that this script takes of the library's own
schedule, so a table that was edited by hand, or that our code reads differently, fails there.
"""

from collections import Counter
from datetime import date
from hashlib import sha256
from pathlib import Path

import exchange_calendars
import pandas

LIBRARY = "exchange_calendars"
VERSION = "4.13.2"
FIRST_DAY = pandas.Timestamp("2018-01-01")
LAST_DAY = pandas.Timestamp("2027-12-31")
# Fewer sessions than this with the same hours are exceptions, not the exchange's usual hours.
USUAL = 250

# One file for each region. Left out are exchanges whose hours or holidays the library does not know well enough.
REGIONS = {
    "americas": ["XNYS", "XTSE"],
    "europe": ["XLON", "XETR", "XPAR", "XMIL", "XMAD", "XSWX"],
    "nordics": ["XSTO", "XCSE", "XHEL", "XOSL"],
    "asia-pacific": ["XTKS", "XHKG", "XKRX", "XTAI", "XSHG", "XSES", "XASX", "XNZE", "XBOM"],
}
# src/core/calendar/exchanges.ts gives these the table of another exchange. Checked here, moment by moment.
SAME_SESSIONS = {"XAMS": "XPAR", "XBRU": "XPAR", "XLIS": "XPAR"}

TABLES = Path(__file__).parent.parent / "src/core/calendar/tables"


def main() -> None:
    assert exchange_calendars.__version__ == VERSION, f"{LIBRARY} {VERSION} is wanted"
    for exchange, other in SAME_SESSIONS.items():
        assert utc_lines(calendar_of(exchange)) == utc_lines(calendar_of(other)), f"{exchange} differs from {other}"
    for region, exchanges in REGIONS.items():
        head = "// Written by scripts/calendars.py. Do not edit.\nimport type { CalendarTable } from '../calendar-table.ts'\n"
        body = "".join(table_of(exchange) for exchange in exchanges)
        (TABLES / f"{region}.ts").write_text(head + body)
    (TABLES / "source.ts").write_text(source())


def source() -> str:
    return f"""// Written by scripts/calendars.py. Do not edit.

/** Where the tables come from. Some exchanges publish their holidays late: their tables end before `lastDay`. */
export const CALENDAR_SOURCE = {{
  library: '{LIBRARY}',
  version: '{VERSION}',
  license: 'Apache-2.0',
  writtenOn: '{date.today()}',
  firstDay: '{FIRST_DAY.date()}',
  lastDay: '{LAST_DAY.date()}',
}} as const
"""


def calendar_of(exchange: str):
    known_until = exchange_calendars.get_calendar(exchange).bound_max()
    end = LAST_DAY if known_until is None else min(LAST_DAY, known_until)
    return exchange_calendars.get_calendar(exchange, start=FIRST_DAY, end=end)


def table_of(exchange: str) -> str:
    calendar = calendar_of(exchange)
    last_day = min(LAST_DAY, calendar.bound_max() or LAST_DAY)
    sessions = {day: hours_text(row, calendar.tz) for day, row in calendar.schedule.iterrows()}
    weekdays = usual_weekdays(sessions)
    periods = usual_periods(sessions)
    closed, special = [], {}
    for day in pandas.date_range(FIRST_DAY, last_day):
        hours = sessions.get(day)
        expected = usual_hours(periods, day) if day.isoweekday() in weekdays else None
        if hours is None and expected is not None:
            closed.append(day)
        elif hours is not None and hours != expected:
            special.setdefault(hours, []).append(day)
    lines = utc_lines(calendar)
    return f"""
export const {exchange}: CalendarTable = {{
  zone: '{calendar.tz}',
  weekdays: '{"".join(map(str, sorted(weekdays)))}',
  hours: {periods_text(periods)},
  lastDay: '{last_day.date()}',
  closed: `{days_text(closed, 4)}`,
  special: {special_text(special)},
  sessions: {len(sessions)},
  sha256: '{sha256(lines.encode()).hexdigest()}',
}}
"""


def stretches(row) -> list:
    if pandas.isna(row.break_start):
        return [(row.open, row.close)]
    return [(row.open, row.break_start), (row.break_end, row.close)]


def hours_text(row, zone) -> str:
    """`09:00-11:30 12:30-15:00`, in the exchange's own time."""
    local = [[moment.tz_convert(zone).strftime("%H:%M") for moment in stretch] for stretch in stretches(row)]
    return " ".join("-".join(pair) for pair in local)


def utc_lines(calendar) -> str:
    """The library's schedule as text; test/core/calendar/tables.test.ts writes the same text from our tables."""
    lines = []
    for day, row in calendar.schedule.iterrows():
        utc = [[moment.strftime("%Y-%m-%dT%H:%MZ") for moment in stretch] for stretch in stretches(row)]
        lines.append(" ".join([str(day.date()), *("/".join(pair) for pair in utc)]))
    return "\n".join(lines)


def usual_weekdays(sessions: dict) -> set:
    counts = Counter(day.isoweekday() for day in sessions)
    return {weekday for weekday, count in counts.items() if count > USUAL}


def usual_periods(sessions: dict) -> list:
    """Each usual hours with its first day; they must follow each other without overlap."""
    usual = [hours for hours, count in Counter(sessions.values()).items() if count > USUAL]
    spans = sorted((min(days), max(days), hours) for hours, days in ((h, days_with(sessions, h)) for h in usual))
    for before, after in zip(spans, spans[1:]):
        assert before[1] < after[0], f"hours overlap: {before} {after}"
    return [(FIRST_DAY if at == 0 else first, hours) for at, (first, _, hours) in enumerate(spans)]


def days_with(sessions: dict, hours: str) -> list:
    return [day for day, text in sessions.items() if text == hours]


def usual_hours(periods: list, day) -> str:
    return [hours for first, hours in periods if first <= day][-1]


def days_text(days: list, indent: int) -> str:
    """One line a year, so that a reviewer compares it with the exchange's own page."""
    years = {}
    for day in days:
        years.setdefault(day.year, []).append(day.strftime("%m-%d"))
    return "".join(f"\n{' ' * indent}{year}: {' '.join(dates)}" for year, dates in years.items())


def periods_text(periods: list) -> str:
    entries = [f"['{first.date()}', '{hours}']" for first, hours in periods]
    if len(entries) == 1:
        return f"[{entries[0]}]"
    return "[\n" + "".join(f"    {entry},\n" for entry in entries) + "  ]"


def special_text(special: dict) -> str:
    if not special:
        return "{}"
    entries = [f"    '{hours}': `{days_text(days, 6)}`,\n" for hours, days in special.items()]
    return "{\n" + "".join(entries) + "  }"


main()
