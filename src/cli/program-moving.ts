import { InvalidArgumentError, type Command } from 'commander'
import type { ImportOptions } from './import.ts'
import { addExamples, JSON_OPTION, type Act } from './program-options.ts'

export type MovingActions = {
  importPrices(options: Omit<ImportOptions, 'provider'> & { readonly provider?: string | undefined }): Promise<number>
}

/** The commands that bring data in and take it elsewhere. */
export function addMovingCommands(program: Command, act: Act): void {
  addImport(program, act)
}

function addImport(program: Command, act: Act): void {
  const command = program
    .command('import')
    .description('bring in prices of your own; what a file had already brought is passed over')
    .argument('<file>', 'CSV with symbol,timestamp,price and if known currency,provider')
    .option('-p, --provider <name>', 'what they are called, always with import before it', '')
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
