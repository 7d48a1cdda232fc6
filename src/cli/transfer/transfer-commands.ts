import type { Command } from 'commander'
import type { ImportOptions } from '../prices/csv-import.ts'
import { addExamples, JSON_OPTION, type Act, type JsonOption } from '../terminal/options.ts'
import { readServer } from '../terminal/arguments.ts'

export type TransferActions = {
  copy(options: CopyOptions): Promise<number>
  dump(options: FileOptions): Promise<number>
  restore(options: FileOptions & { readonly file: string }): Promise<number>
  importPrices(options: Omit<ImportOptions, 'provider'> & { readonly provider?: string | undefined }): Promise<number>
}

type CopyOptions = JsonOption & { readonly to: string }
type FileOptions = JsonOption & { readonly file?: string | undefined }

/** The commands that bring data in and take it elsewhere. */
export function addTransferCommands(program: Command, act: Act<TransferActions>): void {
  addImport(program, act)
  addDump(program, act)
  addCopy(program, act)
}

function addImport(program: Command, act: Act<TransferActions>): void {
  const command = program
    .command('import')
    .description('bring in prices of your own; what a file had already brought is passed over')
    .argument('<file>', 'CSV with symbol,timestamp,price and if known currency,provider')
    .option('-p, --provider <name>', 'what they are called, always with import before it')
    .option(...JSON_OPTION)
    .action((file: string, options: { provider?: string; json?: boolean }) =>
      act((actions) => actions.importPrices({ ...options, file })),
    )
  addExamples(
    command,
    'market-data import prices.csv',
    'market-data import prices.csv --provider broker',
    'market-data history AAPL --provider import-broker',
  )
}

function addDump(program: Command, act: Act<TransferActions>): void {
  const dump = program
    .command('dump')
    .description('write everything that the database holds into one file, also while a service runs')
    .argument('[file]', 'where to; else to stdout')
    .option(...JSON_OPTION)
    .action((file: string | undefined, options: JsonOption) => act((actions) => actions.dump({ ...options, file })))
  addExamples(dump, 'market-data dump backup.gz', 'market-data dump | ssh host "cat > backup.gz"')
  const restore = program
    .command('restore')
    .description('fill an empty database with a dump, of this version or any before it')
    .argument('<file>', 'that dump wrote')
    .option(...JSON_OPTION)
    .action((file: string, options: JsonOption) => act((actions) => actions.restore({ ...options, file })))
  addExamples(
    restore,
    'market-data restore backup.gz',
    'DATABASE_URL=postgres://owner@host/prices market-data restore backup.gz',
  )
}

function addCopy(program: Command, act: Act<TransferActions>): void {
  const command = program
    .command('copy')
    .description('move house: make an empty database the same as this one; run it again to go on where it was ended')
    .requiredOption('--to <address>', 'such as postgres://owner@host/prices', readServer)
    .option(...JSON_OPTION)
    .action((options: CopyOptions) => act((actions) => actions.copy(options)))
  addExamples(
    command,
    'market-data copy --to postgres://owner@host/prices',
    'DATABASE_URL=postgres://owner@old/prices market-data copy --to postgres://owner@new/prices',
  )
}
