import { basename } from 'node:path'
import { importPrices } from '../cli/import.ts'
import type { Actions } from '../cli/program.ts'
import { createProgress } from '../cli/progress.ts'
import { systemClock as clock } from '../clock.ts'
import { ServiceError } from '../errors.ts'
import { createRecordSlice, loadFilePlaces } from '../postgres/imports.ts'
import type { FilePlace } from '../prices/importing.ts'
import { instantFromMillis } from '../prices/instant.ts'
import { importedName } from '../providers/imported.ts'
import { readImportFile } from '../providers/import-file.ts'
import type { Needs } from './needs.ts'
import { openTables } from './tables.ts'
import { stopSignal } from './until-stopped.ts'

/** The commands that bring data in and take it elsewhere. */
export function createMovingActions({ output, readSetting }: Needs): Pick<Actions, 'importPrices'> {
  const progress = createProgress(output, clock)
  return {
    importPrices: async ({ file, provider: label = '', json }) => {
      const provider = importedName(label) ?? noName(label)
      await using tables = await openTables(readSetting())
      const source = { file, provider, receivedAt: instantFromMillis(clock.now()) }
      const needs = {
        readSlices: (places: readonly FilePlace[]) => readImportFile(source, places),
        loadPlaces: () => loadFilePlaces(tables.pool, provider),
        record: createRecordSlice(tables.pool, provider, basename(file)),
      }
      await importPrices({ ...needs, output, progress, signal: stopSignal() }, { file, provider, json })
      return 0
    },
  }
}

function noName(label: string): never {
  throw new ServiceError('invalid_request', `A provider is called by small letters, digits and dashes, not ${label}.`)
}
