/** What a column can contain. `period`: `D` for a day, as stooq writes it. `revision`: as in our own exports. */
export const ROLES = ['symbol', 'timestamp', 'price', 'currency', 'provider', 'period', 'revision'] as const

export type Role = (typeof ROLES)[number]

/** The names of columns by what they contain; `Date+Time` is one value in two columns. */
export type ColumnNames = Readonly<Partial<Record<Role, string>>>

export function isRole(name: string): name is Role {
  return (ROLES as readonly string[]).includes(name)
}

/** The CSV files of others, and our own. */
export type Preset = {
  readonly columns: ColumnNames
  /** Columns that only this one has together, in lower case: by them it is recognised. */
  readonly marks: readonly (readonly string[])[]
  /** Whether midnight in its column `Date` means the day, not the moment. */
  readonly hasDays?: true
  /** Whether its times end in a zone such as `EST`, with one meaning each. */
  readonly hasZoneNames?: true
}

const DAILY = ['date', 'open', 'high', 'low', 'close']

const PRESETS = {
  'market-data': { columns: { revision: 'revision' }, marks: [['price_id', 'timestamp', 'received_at']] },
  'yahoo-portfolio': {
    columns: { timestamp: 'Date+Time', price: 'Current Price' },
    marks: [['symbol', 'current price', 'date', 'time', 'trade date']],
    hasZoneNames: true,
  },
  stooq: {
    columns: { symbol: '<TICKER>', timestamp: '<DATE>+<TIME>', price: '<CLOSE>', period: '<PER>' },
    marks: [['<ticker>', '<date>', '<close>']],
  },
  'yahoo-history': {
    columns: { timestamp: 'Date', price: 'Close' },
    marks: [[...DAILY, 'adj close', 'volume']],
    hasDays: true,
  },
  yfinance: {
    columns: { timestamp: 'Date', price: 'Close' },
    marks: [[...DAILY, 'volume']],
    hasDays: true,
  },
  // Its midnights are moments: coins and currencies trade at night.
  'yfinance-intraday': {
    columns: { timestamp: 'Datetime', price: 'Close' },
    marks: [['datetime', 'open', 'high', 'low', 'close', 'volume']],
  },
} as const satisfies Readonly<Record<string, Preset>>

export type PresetName = keyof typeof PRESETS

export const PRESET_NAMES = Object.keys(PRESETS) as readonly PresetName[]

export function isPresetName(name: string): name is PresetName {
  return Object.hasOwn(PRESETS, name)
}

export function presetOf(name: PresetName): Preset {
  return PRESETS[name]
}

/** The first whose marks are among these names, which are in lower case; never in place of the names of our own. */
export function recognisePreset(names: readonly string[]): PresetName | undefined {
  const isOurs = names.includes('timestamp') && names.includes('price')
  const possible = isOurs ? (['market-data'] as const) : PRESET_NAMES
  return possible.find((name) => presetOf(name).marks.some((marks) => marks.every((mark) => names.includes(mark))))
}
