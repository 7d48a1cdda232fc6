/** What a price is counted in, if that is a part of a currency. */
export type MinorUnit = { readonly major: string; readonly perMajor: number }

/**
 * The minor units in which providers quote, by their own codes. Most are hundredths; Kuwait's fils are thousandths.
 * Nothing is converted: the unit is shown beside the price.
 */
const MINOR_UNITS: ReadonlyMap<string, MinorUnit> = new Map(
  [
    ['GBp', 'GBP', 100],
    ['GBX', 'GBP', 100],
    ['ZAc', 'ZAR', 100],
    ['ZAC', 'ZAR', 100],
    ['ILA', 'ILS', 100],
    ['USX', 'USD', 100],
    ['USc', 'USD', 100],
    ['EUX', 'EUR', 100],
    ['EUc', 'EUR', 100],
    ['AUX', 'AUD', 100],
    ['CAX', 'CAD', 100],
    ['KWF', 'KWD', 1000],
  ].map(([code, major, perMajor]) => [String(code), { major: String(major), perMajor: Number(perMajor) }]),
)

/** The unit behind a code of a provider; undefined if the code is a currency itself. */
export function minorUnitOf(currency: string | null): MinorUnit | undefined {
  return MINOR_UNITS.get(currency ?? '')
}
