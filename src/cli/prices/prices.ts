import type { Command } from 'commander'
import type { FetchOptions } from './fetch.ts'
import type { HistoryOptions } from './history.ts'
import { addExamples, JSON_OPTION, PROVIDER_OPTION, type Act } from '../terminal/options.ts'
import type { WatchOptions } from './watch.ts'
import { addSymbol, readCount, readMoment, readSymbol } from '../terminal/arguments.ts'

export type PriceActions = {
  fetch(options: FetchOptions): Promise<number>
  history(options: HistoryOptions): Promise<number>
  watch(options: WatchOptions): Promise<number>
}

type Symbols = readonly string[]

/** The commands that show prices. */
export function addPriceCommands(program: Command, act: Act<PriceActions>): void {
  const fetch = program
    .command('fetch')
    .description('ask a provider for prices now, keep them and print them')
    .argument('<symbols...>', 'such as AAPL, BRK.B, BTC-USD', addSymbol)
    .option(...PROVIDER_OPTION)
    .option(...JSON_OPTION)
    .action((symbols: Symbols, options: Omit<FetchOptions, 'symbols'>) =>
      act((actions) => actions.fetch({ ...options, symbols })),
    )
  addExamples(fetch, 'market-data fetch AAPL MSFT', 'market-data fetch BTC-USD --provider simulated --json')

  const history = program
    .command('history')
    .description('print the stored prices of a symbol, newest first')
    .argument('<symbol>', 'such as AAPL', readSymbol)
    .option(...PROVIDER_OPTION)
    .option('--from <time>', 'from this time on: 2025-06-15 or 2025-06-15T20:30:00Z', readMoment)
    .option('--to <time>', 'before this time', readMoment)
    .option('-n, --limit <count>', 'at most so many; else 100, and all with --csv', readCount)
    .option('--csv', 'print CSV with a header')
    .option(...JSON_OPTION)
    .action((symbol: string, options: Omit<HistoryOptions, 'symbol'>, command: Command) => {
      if (options.csv && options.json) command.error('error: --csv or --json, not both')
      return act((actions) => actions.history({ ...options, symbol }))
    })
  addExamples(
    history,
    'market-data history AAPL --limit 20',
    'market-data history AAPL --provider simulated --from 2025-06-01 --to 2025-07-01 --csv > aapl.csv',
  )

  const watch = program
    .command('watch')
    .description('show prices as they are stored, until Ctrl-C: a line a symbol on a terminal, else a line a price')
    .argument('<symbols...>', 'such as AAPL, BRK.B, BTC-USD', addSymbol)
    .option('-p, --provider <name>', 'prices of this provider only; else of every one')
    .option('--json', 'print a line of JSON for each price')
    .action((symbols: Symbols, options: Omit<WatchOptions, 'symbols'>) =>
      act((actions) => actions.watch({ ...options, symbols })),
    )
  addExamples(watch, 'market-data watch AAPL MSFT', 'market-data watch AAPL --json | jq .price')
}
