const SYMBOLS = ['AAPL', 'MSFT', 'BRK.B']

export const CSV_HEADER = 'symbol,timestamp,price,currency\n'

/** CSV lines with one price per second, of three symbols in turn; every tenth line corrects the one six lines before it. */
export function priceLines(count: number, from = 0): string {
  const lines = Array.from({ length: count }, (_, index) => {
    const at = from + index
    const second = at % 10 === 9 ? at - 6 : at
    const time = new Date(Date.UTC(2024, 0, 1) + second * 1_000).toISOString()
    return `${SYMBOLS[at % SYMBOLS.length]},${time},${100 + (at % 97)}.${at % 10}5,USD\n`
  })
  return lines.join('')
}
