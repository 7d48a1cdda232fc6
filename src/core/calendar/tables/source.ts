// Written by scripts/calendars.py. Do not edit.

/** Where the tables come from. Some exchanges publish their holidays late: their tables end before `lastDay`. */
export const CALENDAR_SOURCE = {
  library: 'exchange_calendars',
  version: '4.13.2',
  license: 'Apache-2.0',
  writtenOn: '2026-11-29',
  firstDay: '2018-01-01',
  lastDay: '2027-12-31',
} as const
