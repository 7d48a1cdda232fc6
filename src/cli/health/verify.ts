import type { Command } from 'commander'
import type { Difference, Verification } from '../../core/health/verification.ts'
import { addExamples, JSON_OPTION, type Act, type JsonOption } from '../terminal/options.ts'
import { countOf } from '../terminal/progress.ts'

export type VerifyActions = { verify(options: JsonOption): Promise<number> }

export function addVerifyCommand(program: Command, act: Act<VerifyActions>): void {
  const verify = program
    .command('verify')
    .description('Recompute all prices and averages and print any differences')
    .option(...JSON_OPTION)
    .action((options: JsonOption) => act((actions) => actions.verify(options)))
  addExamples(verify, 'market-data verify', 'market-data verify --json | jq .differences')
}

/** The result of `verify` for people: a line for each difference, and the counts. */
export function verifyReport(found: Verification): string {
  const { checkedPrices, checkedAverages, otherParserVersion, lagging, differences, differenceCount } = found
  const hidden = differenceCount - differences.length
  const lines = [
    ...differences.map(describe),
    ...(hidden > 0 ? [`… and ${hidden} more`] : []),
    `Compared ${countOf(checkedPrices, 'price')} with their raw replies, and ${countOf(checkedAverages, 'average')} with their prices.`,
    ...(otherParserVersion > 0
      ? [`Not compared: ${countOf(otherParserVersion, 'price')}, parsed by another version of the parser.`]
      : []),
    ...(lagging > 0 ? [`Not computed yet: ${countOf(lagging, 'average')}.`] : []),
    differenceCount === 0 ? 'No differences.' : `Differences: ${differenceCount}.`,
  ]
  return `${lines.join('\n')}\n`
}

function describe(difference: Difference): string {
  const { kind, provider, symbol, currency, timestamp, window, stored, expected, reason } = difference
  const what = window === undefined ? kind : `${kind} over ${window}`
  const series = [provider, symbol, currency].filter(Boolean).join(' ')
  return `${what}  ${series}  ${timestamp}  stored ${stored ?? 'none'}  expected ${expected ?? 'none'}  (${reason})`
}
