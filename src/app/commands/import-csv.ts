import { importReport, refuseFile, type ImportOptions } from '../../cli/prices/csv-import.ts'
import { importFile, type ImportNeeds } from '../../core/ingest/csv-import.ts'
import { ServiceError } from '../../errors.ts'
import { systemClock as clock } from '../../lib/clock.ts'
import { instantFromMillis } from '../../lib/instant.ts'
import { createRecordSlice, loadFileOffsets } from '../../postgres/ingest/csv-import.ts'
import type { OnProgress } from '../../postgres/transfer/dump.ts'
import { importedName } from '../../providers/csv/imported.ts'
import { readImportFile, surveyImportFile } from '../../providers/csv/import-file.ts'
import { formatCsvOptions, readCsvOptions } from '../../providers/csv/options.ts'
import { readDialect } from '../../providers/csv/reader.ts'
import { recognised } from '../../providers/csv/request.ts'
import { openCsvSource } from '../../providers/csv/source.ts'
import type { CommandContext } from '../context.ts'
import { openTables } from './open-tables.ts'

type Needs = CommandContext & { readonly onProgress: OnProgress; readonly signal: AbortSignal }

/** Imports a file, and prints the result. Options and header are checked before a database is opened. */
export async function importCsv(needs: Needs, given: ImportOptions): Promise<number> {
  const { readContext, output, onProgress, signal } = needs
  const options = readCsvOptions(given)
  const named = given.provider === undefined ? undefined : nameOf(given.provider)
  const key = named ?? DEFAULT_NAME
  await using source = await openCsvSource(given.file, signal)
  const dialect = await readDialect(source, options)
  const input = { source, options, provider: named, receivedAt: instantFromMillis(clock.now()) }
  await using tables = await openTables(readContext())
  const { record, providers } = rememberProviders(createRecordSlice(tables.pool, key, source.name))
  const work: ImportNeeds = {
    survey: (offsets) => surveyImportFile(input, offsets),
    readSlices: (after) => readImportFile(input, after),
    loadOffsets: () => loadFileOffsets(tables.pool, key),
    record,
    onProgress: (done, all) => onProgress('lines', done, all),
    skipsBadLines: given.skipBadLines === true,
    refuse: refuseFile(source.name),
  }
  const tally = await importFile(work, signal)
  const provider = [...providers].join(', ') || key
  const readAs = formatCsvOptions(recognised(options, dialect))
  await output.write(importReport(tally, { ...given, provider, readAs }))
  return 0
}

const DEFAULT_NAME = 'import'

/** The lines may name their own. */
function rememberProviders(record: ImportNeeds['record']) {
  const providers = new Set<string>()
  const remember: ImportNeeds['record'] = (slice) => {
    providers.add(slice.reply.provider)
    return record(slice)
  }
  return { record: remember, providers }
}

function nameOf(label: string): string {
  const name = importedName(label)
  if (name !== undefined) return name
  const rule = 'Use lower-case letters, digits and dashes.'
  throw new ServiceError('invalid_request', `Not a valid provider name: ${label}. ${rule}`)
}
