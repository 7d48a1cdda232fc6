import type { Command } from 'commander'
import { ServiceError } from '../../errors.ts'
import type { ImportNeeds, ImportTally } from '../../core/ingest/csv-import.ts'
import { addExamples, JSON_OPTION, type Act, type JsonOption } from '../terminal/options.ts'
import { jsonLine } from '../../formats/json/json-line.ts'
import { count } from '../terminal/progress.ts'

export type ImportActions = { importPrices(options: ImportOptions): Promise<number> }

type ImportOptions = JsonOption & { readonly file: string; readonly provider?: string | undefined }

export function addImportCommand(program: Command, act: Act<ImportActions>): void {
  const command = program
    .command('import')
    .description('Import prices from a CSV file; rows already imported are skipped')
    .argument('<file>', 'CSV file with the columns symbol,timestamp,price and optionally currency,provider')
    .option('-p, --provider <name>', 'Provider to store the prices under, prefixed with import-')
    .option(...JSON_OPTION)
    .action((file: string, options: Omit<ImportOptions, 'file'>) =>
      act((actions) => actions.importPrices({ ...options, file })),
    )
  addExamples(
    command,
    'market-data import prices.csv',
    'market-data import prices.csv --provider broker',
    'market-data history AAPL --provider import-broker',
  )
}

/** Rejects a file with a list of its invalid lines and their errors. */
export function refuseFile(file: string): ImportNeeds['refuse'] {
  return (mistakes) => {
    const list = mistakes.map(({ line, error }) => `\n  line ${line}: ${error.message}`).join('')
    throw new ServiceError('invalid_request', `${file} was not imported (nothing was written):${list}`)
  }
}

type ImportedFile = JsonOption & { readonly file: string; readonly provider: string }

/** The result of an import. */
export function importReport(tally: ImportTally, { file, provider, json }: ImportedFile): string {
  if (json) return jsonLine({ file, provider, ...tally })
  const { lines, skipped, recorded, corrected, confirmed, outdated } = tally
  const parts = [
    `${count(recorded)} new`,
    `${count(corrected)} corrected`,
    `${count(confirmed)} unchanged`,
    ...(outdated > 0 ? [`${count(outdated)} outdated`] : []),
    ...(skipped > 0 ? [`${count(skipped)} already imported`] : []),
  ]
  return `Imported ${file} as provider ${provider}: ${count(lines)} rows, ${parts.join(', ')}.\n`
}
