import { createReadStream, createWriteStream } from 'node:fs'
import { rename } from 'node:fs/promises'
import { basename } from 'node:path'
import { importPrices } from '../cli/import.ts'
import { copyReport, fileReport } from '../cli/moved-report.ts'
import type { Actions } from '../cli/program.ts'
import { createProgress } from '../cli/progress.ts'
import { systemClock as clock } from '../clock.ts'
import { ServiceError } from '../errors.ts'
import { openDatabase } from '../postgres/database.ts'
import { createRecordSlice, loadFilePlaces } from '../postgres/imports.ts'
import { copyDatabase } from '../postgres/moving/copy.ts'
import { dump, type DumpHeader } from '../postgres/moving/dump.ts'
import { readDumpFile, writeDumpFile } from '../postgres/moving/dump-file.ts'
import { restore } from '../postgres/moving/restore.ts'
import type { FilePlace } from '../prices/importing.ts'
import { instantFromMillis } from '../prices/instant.ts'
import { importedName } from '../providers/imported.ts'
import { readImportFile, surveyImportFile } from '../providers/import-file.ts'
import { databaseOptions } from '../setting.ts'
import { EXIT_FAILED, type Needs } from './needs.ts'
import { openTables } from './tables.ts'
import { stopSignal } from './until-stopped.ts'

/** The commands that bring data in and take it elsewhere. */
export function createMovingActions({
  output,
  readSetting,
}: Needs): Pick<Actions, 'importPrices' | 'copy' | 'dump' | 'restore'> {
  const progress = createProgress(output, clock)
  return {
    importPrices: async ({ file, provider: label = '', json }) => {
      const provider = importedName(label) ?? noName(label)
      await using tables = await openTables(readSetting())
      const source = { file, provider, receivedAt: instantFromMillis(clock.now()) }
      const needs = {
        survey: (places: readonly FilePlace[]) => surveyImportFile(source, places),
        readSlices: (behind: FilePlace | undefined) => readImportFile(source, behind),
        loadPlaces: () => loadFilePlaces(tables.pool, provider),
        record: createRecordSlice(tables.pool, provider, basename(file)),
      }
      await importPrices({ ...needs, output, progress, signal: stopSignal() }, { file, provider, json })
      return 0
    },

    copy: async ({ to, json }) => {
      const setting = readSetting()
      await using tables = await openTables(setting)
      await using target = await openDatabase({ ...databaseOptions(setting), at: to, namedBy: '--to' })
      const watching = { onProgress: progress.show, signal: stopSignal() }
      const { rows, isFinished } = await copyDatabase(tables.pool, target.pool, watching)
      progress.end()
      await output.write(copyReport({ rows, isFinished, place: target.place }, json))
      return isFinished ? 0 : EXIT_FAILED
    },

    dump: async ({ file, json }) => {
      if (file === undefined && output.isTerminal)
        throw new ServiceError('invalid_request', 'Name a file: a dump is no text.')
      await using tables = await openTables(readSetting())
      const write = (lines: WriteLines) =>
        dump(tables.pool, { write: lines, onProgress: progress.show, signal: stopSignal() })
      const header = await (file === undefined ? writeDumpFile(process.stdout, write) : writeWhole(file, write))
      progress.end()
      const report = fileReport('Dumped', { file, rows: rowsOf(header) }, json)
      await (file === undefined ? output.say(report.trimEnd()) : output.write(report))
      return 0
    },

    restore: async ({ file, json }) => {
      await using database = await openDatabase(databaseOptions(readSetting()))
      const lines = readDumpFile(createReadStream(file))
      const header = await restore(database.pool, lines, { onProgress: progress.show, signal: stopSignal() })
      progress.end()
      await output.write(fileReport('Restored', { file, rows: rowsOf(header) }, json))
      return 0
    },
  }
}

type WriteLines = Parameters<Parameters<typeof writeDumpFile>[1]>[0]

/** Under its name there is never a part of a dump. Nobody else may read it: it has the hashes of keys. */
async function writeWhole<T>(file: string, produce: (write: WriteLines) => Promise<T>): Promise<T> {
  const part = `${file}.part`
  const result = await writeDumpFile(createWriteStream(part, { mode: 0o600, flush: true }), produce)
  await rename(part, file)
  return result
}

function rowsOf({ tables }: DumpHeader) {
  return Object.fromEntries(tables.map(({ name, rows }) => [name, rows]))
}

function noName(label: string): never {
  throw new ServiceError('invalid_request', `A provider is called by small letters, digits and dashes, not ${label}.`)
}
