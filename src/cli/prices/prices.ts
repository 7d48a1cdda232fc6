import type { Command } from 'commander'
import type { Act } from '../terminal/options.ts'
import { addImportCommand, type ImportActions } from './csv-import.ts'
import { addFetchCommand, type FetchActions } from './fetch.ts'
import { addHistoryCommand, type HistoryActions } from './history.ts'
import { addWatchCommand, type WatchActions } from './watch.ts'

export type PriceActions = FetchActions & HistoryActions & WatchActions & ImportActions

/** The commands that store and show prices. */
export function addPriceCommands(program: Command, act: Act<PriceActions>, providers: readonly string[]): void {
  addFetchCommand(program, act, providers)
  addHistoryCommand(program, act, providers)
  addWatchCommand(program, act)
  addImportCommand(program, act)
}
