import { createWriteStream } from 'node:fs'
import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { copyReport, fileReport } from '../../cli/transfer/transfer.ts'
import type { Actions } from '../../cli/program.ts'
import { createProgress } from '../../cli/terminal/progress.ts'
import { systemClock as clock } from '../../lib/clock.ts'
import { ServiceError } from '../../errors.ts'
import { openDatabase } from '../../postgres/database.ts'
import { readAddress } from '../../postgres/connection/url.ts'
import { copyDatabase } from '../../postgres/transfer/copy.ts'
import { dump, type DumpHeader, type OnProgress } from '../../postgres/transfer/dump.ts'
import { readDumpFile, writeDumpFile } from '../../postgres/transfer/dump-file.ts'
import { restore } from '../../postgres/transfer/restore.ts'
import { EXIT_FAILED } from '../../cli/terminal/output.ts'
import { databaseOptions, type CommandContext } from '../context.ts'
import { importCsv } from './import-csv.ts'
import { openTables } from './open-tables.ts'
import { stopSignal } from '../stop-signal.ts'

/** The commands that import, copy, dump and restore data. */
export function createTransferActions({
  output,
  readContext,
}: CommandContext): Pick<Actions, 'importPrices' | 'copy' | 'dump' | 'restore'> {
  const progress = createProgress(output, clock)
  const watched = async <T>(work: (watching: Watching) => Promise<T>): Promise<T> => {
    try {
      return await work({ onProgress: progress.show, signal: stopSignal() })
    } finally {
      progress.end()
    }
  }
  return {
    importPrices: (options) => watched((watching) => importCsv({ readContext, output, ...watching }, options)),

    copy: async ({ to, json }) => {
      const context = readContext()
      await using tables = await openTables(context)
      const at = readAddress(to)
      if (at === undefined) throw invalid('--to: not the address of a PostgreSQL server.')
      await using target = await openDatabase({ ...databaseOptions(context), at, namedBy: '--to' })
      const copy = (watching: Watching) => copyDatabase(tables.pool, target.pool, watching)
      const { rows, isFinished } = await watched(copy)
      await output.write(copyReport({ rows, isFinished, location: target.location }, json))
      return isFinished ? 0 : EXIT_FAILED
    },

    dump: async ({ file, json }) => {
      if (file === undefined && output.isTerminal) throw invalid('Name a file: a dump is binary.')
      await using tables = await openTables(readContext())
      const header = await watched((watching) => {
        const produce = (write: WriteLines) => dump(tables.pool, { write, ...watching })
        return file === undefined ? writeDumpFile(process.stdout, produce) : writeWhole(file, produce)
      })
      const report = fileReport('Dumped', { file, rows: rowsOf(header) }, json)
      await (file === undefined ? output.report(report.trimEnd()) : output.write(report))
      return 0
    },

    restore: async ({ file, json }) => {
      // Before the database, which might be created for nothing.
      await using source = await openDump(file)
      await using database = await openDatabase(databaseOptions(readContext()))
      const lines = readDumpFile(source.createReadStream())
      const header = await watched((watching) => restore(database.pool, lines, watching))
      await output.write(fileReport('Restored', { file, rows: rowsOf(header) }, json))
      return 0
    },
  }
}

type Watching = { readonly onProgress: OnProgress; readonly signal: AbortSignal }
type WriteLines = Parameters<Parameters<typeof writeDumpFile>[1]>[0]

/** @throws ServiceError `invalid_request` that names the file */
async function openDump(file: string): Promise<FileHandle> {
  try {
    const handle = await open(file)
    if (!(await handle.stat()).isDirectory()) return handle
    await handle.close()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw invalid(code === 'ENOENT' ? `There is no file ${file}.` : `${file} cannot be read: ${message}.`)
  }
  throw invalid(`${file} is a folder, not a dump.`)
}

/** The file appears under its name only when it is complete. It contains hashes of keys, so only its owner may read it. */
async function writeWhole<T>(file: string, produce: (write: WriteLines) => Promise<T>): Promise<T> {
  const part = `${file}.part`
  // A part that a killed process left behind may be readable by others.
  await rm(part, { force: true })
  try {
    const result = await writeDumpFile(createWriteStream(part, { flags: 'wx', mode: 0o600, flush: true }), produce)
    await rename(part, file)
    return result
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
}

function rowsOf({ tables }: DumpHeader) {
  return Object.fromEntries(tables.map(({ name, rows }) => [name, rows]))
}

function invalid(message: string): ServiceError {
  return new ServiceError('invalid_request', message)
}
