import type { Difference, Verification } from '../../core/health/verification.ts'

/** What `verify` found, for people: a line for each difference, and the counts. */
export function verifyReport(found: Verification): string {
  const { checkedPrices, checkedAverages, otherParserVersion, lagging, differences, differenceCount } = found
  const hidden = differenceCount - differences.length
  const lines = [
    ...differences.map(describe),
    ...(hidden > 0 ? [`… and ${hidden} more`] : []),
    `Compared ${checkedPrices} prices with the replies that brought them, and ${checkedAverages} averages with their prices.`,
    ...(otherParserVersion > 0
      ? [`Not compared: ${otherParserVersion} prices, read by another version of the parser.`]
      : []),
    ...(lagging > 0 ? [`Not up to date yet: ${lagging} averages.`] : []),
    differenceCount === 0 ? 'Nothing is wrong.' : `${differenceCount} differ.`,
  ]
  return `${lines.join('\n')}\n`
}

function describe(difference: Difference): string {
  const { kind, provider, symbol, currency, timestamp, window, stored, expected, reason } = difference
  const what = window === undefined ? kind : `${kind} over ${window}`
  const series = [provider, symbol, currency].filter(Boolean).join(' ')
  return `${what}  ${series}  ${timestamp}  stored ${stored ?? 'none'}  expected ${expected ?? 'none'}  (${reason})`
}
