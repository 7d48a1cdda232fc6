import { checkOut } from './checkout.ts'
import { compareAverages } from './averages.ts'
import { compareHistory } from './history.ts'
import { compareIngest } from './ingest.ts'
import { compareLatest } from './latest.ts'
import type { Sample, Scale } from '../interleave.ts'
import { OURS } from '../service.ts'
import { cpuOfWork, markdownTable, numberText } from '../table.ts'

/** The folders of the version of before and of this one. */
export type Folders = { readonly before: string; readonly now: string }

/** One measurement of both versions, in interleaved rounds. */
export type Change = { readonly what: string; readonly unit: string; readonly before: Sample; readonly now: Sample }

type Compare = (folders: Folders, scale: Scale) => Promise<readonly Change[]>

/** What can be compared with another commit. */
export const COMPARISONS: Readonly<Record<string, Compare>> = {
  latest: compareLatest,
  history: compareHistory,
  ingest: compareIngest,
  averages: compareAverages,
}

/** Prints how fast this version does something, beside another commit on the same machine in the same minutes. */
export async function compareWith(commit: string, names: readonly string[], scale: Scale): Promise<void> {
  const comparisons = names.map((name) => [name, comparisonOf(name)] as const)
  using checkout = checkOut(commit)
  for (const [name, compare] of comparisons) {
    const changes = await compare({ before: checkout.folder, now: OURS }, scale)
    console.log(`\n${name}, ${checkout.commit} and this version\n\n${tableOfChanges(changes)}`)
  }
}

function comparisonOf(name: string): Compare {
  const compare = COMPARISONS[name]
  if (compare) return compare
  throw new Error(`${name} cannot be compared with another commit. These can: ${Object.keys(COMPARISONS).join(', ')}`)
}

const HEAD = ['measure', 'unit', 'before', 'now', 'now / before', 'CPU µs before', 'now', 'now / before'] as const

/** CPU time is that of the program and of PostgreSQL, without the load generator. */
function tableOfChanges(changes: readonly Change[]): string {
  return markdownTable(HEAD, changes.map(cellsOf))
}

function cellsOf({ what, unit, before, now }: Change): string[] {
  const [spentBefore, spentNow] = [cpuOfWork(before.cpu), cpuOfWork(now.cpu)]
  const rates = [before.figure, now.figure, now.figure / before.figure]
  return [what, unit, ...[...rates, spentBefore, spentNow, spentNow / spentBefore].map(numberText)]
}
