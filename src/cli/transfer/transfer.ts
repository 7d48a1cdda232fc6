import type { Command } from 'commander'
import { parseDatabaseUrl } from '../terminal/arguments.ts'
import { addExamples, JSON_OPTION, type Act, type JsonOption } from '../terminal/options.ts'
import { jsonLine } from '../../formats/json/json-line.ts'
import { copyBody, dumpBody, type TransferredRows } from '../../formats/transfer.ts'
import { countOf } from '../terminal/progress.ts'

export type TransferActions = {
  copy(options: CopyOptions): Promise<number>
  dump(options: FileOptions): Promise<number>
  restore(options: FileOptions & { readonly file: string }): Promise<number>
}

type CopyOptions = JsonOption & { readonly to: string }
type FileOptions = JsonOption & { readonly file?: string | undefined }

/** The commands that back up a database and transfer it to another server. */
export function addTransferCommands(program: Command, act: Act<TransferActions>): void {
  addDump(program, act)
  addRestore(program, act)
  addCopy(program, act)
}

function addDump(program: Command, act: Act<TransferActions>): void {
  const dump = program
    .command('dump')
    .description('Write a complete backup of the database to a file; the service may keep running')
    .argument('[file]', 'File to create (default: stdout)')
    .option(...JSON_OPTION)
    .action((file: string | undefined, options: JsonOption) => act((actions) => actions.dump({ ...options, file })))
  addExamples(dump, 'market-data dump backup.gz', 'market-data dump | ssh host "cat > backup.gz"')
}

function addRestore(program: Command, act: Act<TransferActions>): void {
  const restore = program
    .command('restore')
    .description('Restore a dump of this version or an earlier one into an empty database')
    .argument('<file>', 'File written by dump')
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
    .description('Copy this database into an empty one; run again to resume')
    .requiredOption('--to <url>', 'Target database, such as postgres://owner@host/prices', parseDatabaseUrl)
    .option(...JSON_OPTION)
    .action((options: CopyOptions) => act((actions) => actions.copy(options)))
  addExamples(
    command,
    'market-data copy --to postgres://owner@host/prices',
    'DATABASE_URL=postgres://owner@old/prices market-data copy --to postgres://owner@new/prices',
  )
}

type ToFile = { readonly file: string | undefined; readonly rows: TransferredRows }

/** The result of a dump or a restore. */
export function fileReport(verb: 'Dumped' | 'Restored', { file, rows }: ToFile, json: boolean | undefined): string {
  return json ? jsonLine(dumpBody(file, rows)) : `${verb} ${rowsText(rows)}.\n`
}

type ToServer = { readonly location: string; readonly rows: TransferredRows; readonly isFinished: boolean }

/** The result of a copy, and what to do next. */
export function copyReport({ location, rows, isFinished }: ToServer, json: boolean | undefined): string {
  if (json) return jsonLine(copyBody({ location, rows, isFinished }))
  const next = isFinished
    ? `Copy complete. Point DATABASE_URL at it, and do not start a service on the old database again.`
    : 'Not complete: a service is still using the old database. Stop it and run this command again.'
  return `Copied ${rowsText(rows)} to ${location}.\n${next}\n`
}

function rowsText({ prices = 0, moving_averages: averages = 0 }: TransferredRows): string {
  return `${countOf(prices, 'price')}, ${countOf(averages, 'average')} and all related data`
}
