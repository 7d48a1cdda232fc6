import type { Command } from 'commander'
import { ServiceError } from '../../errors.ts'
import type { ImportNeeds, ImportTally, Mistake } from '../../core/ingest/csv-import.ts'
import { addExamples, JSON_OPTION, type Act, type JsonOption } from '../terminal/options.ts'
import { importBody, type ImportedFile } from '../../formats/csv-import.ts'
import { jsonLine } from '../../formats/json/json-line.ts'
import { count } from '../terminal/progress.ts'

export type ImportActions = { importPrices(options: ImportOptions): Promise<number> }

/** As they were typed. */
export type ImportOptions = JsonOption & {
  readonly file: string
  readonly provider?: string | undefined
  readonly symbol?: string | undefined
  readonly preset?: string | undefined
  readonly columns?: string | undefined
  readonly timezone?: string | undefined
  readonly at?: string | undefined
  readonly delimiter?: string | undefined
  readonly decimalComma?: boolean | undefined
  readonly skipBadLines?: boolean | undefined
}

export function addImportCommand(program: Command, act: Act<ImportActions>): void {
  const command = program
    .command('import')
    .description('Import prices from a CSV file; rows already imported are skipped')
    .argument('<file>', 'CSV file, also .gz, or - for stdin; columns symbol,timestamp,price[,currency,provider]')
    .option('-p, --provider <name>', 'Provider to store the prices under, prefixed with import-')
    .option('--symbol <symbol>', 'Symbol of all rows, for a file without a column for it')
    .option('--columns <pairs>', 'Columns of the file: timestamp=Date,price=Close')
    .option('--timezone <zone>', 'Time zone of times that have none: America/New_York')
    .option('--at <time>', 'Time of day of rows that have only a day, such as the close: 16:00')
    .option(
      '--preset <name>',
      'yfinance, yfinance-intraday, yahoo-history, yahoo-portfolio, market-data or stooq (default: recognised)',
    )
    .option('--delimiter <character>', 'comma, semicolon, tab or pipe (default: recognised)')
    .option('--decimal-comma', 'Prices are written as 1.234,50')
    .option('--skip-bad-lines', 'Leave invalid lines out, and list them')
    .option(...JSON_OPTION)
    .action((file: string, options: Omit<ImportOptions, 'file'>) =>
      act((actions) => actions.importPrices({ ...options, file })),
    )
  addExamples(
    command,
    'market-data import prices.csv',
    'market-data import prices.csv --provider broker',
    'market-data import aapl.csv --symbol AAPL --timezone America/New_York --at 16:00',
    'market-data history AAPL --provider import-broker --csv | market-data import -',
  )
}

/** Rejects a file with a list of its invalid lines and their errors. */
export function refuseFile(file: string): ImportNeeds['refuse'] {
  return (mistakes) => {
    const list = mistakes.map((mistake) => `\n  ${mistakeText(mistake)}`).join('')
    const hint = '\nCorrect these lines, or leave them out with --skip-bad-lines.'
    throw new ServiceError('invalid_request', `${file} was not imported (nothing was written):${list}${hint}`)
  }
}

/** The result of an import. */
export function importReport(tally: ImportTally, imported: ImportedFile & JsonOption): string {
  const { provider, readAs, json } = imported
  const file = imported.file === '-' ? 'stdin' : imported.file
  if (json) return jsonLine(importBody(tally, { ...imported, file }))
  const read = readAs === '' ? '' : `Read as ${readAs}.\n`
  const rows = `${count(tally.lines)} ${tally.lines === 1 ? 'row' : 'rows'}`
  return `${read}Imported ${file} as provider ${provider}: ${rows}, ${partsOf(tally).join(', ')}.\n${badText(tally)}`
}

function partsOf({ skipped, recorded, corrected, confirmed, outdated, bad }: ImportTally): string[] {
  return [
    `${count(recorded)} new`,
    `${count(corrected)} corrected`,
    `${count(confirmed)} unchanged`,
    ...(outdated > 0 ? [`${count(outdated)} outdated`] : []),
    ...(skipped > 0 ? [`${count(skipped)} already imported`] : []),
    ...(bad > 0 ? [`${count(bad)} left out`] : []),
  ]
}

function badText({ bad, mistakes }: ImportTally): string {
  const more = bad > mistakes.length ? [`and ${count(bad - mistakes.length)} more`] : []
  return [...mistakes.map(mistakeText), ...more].map((text) => `  ${text}\n`).join('')
}

function mistakeText({ line, error }: Mistake): string {
  return `line ${line}: ${error.message}`
}
