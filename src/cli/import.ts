import { ServiceError } from '../errors.ts'
import { importFile, type ImportNeeds, type ImportTally, type Mistake } from '../prices/importing.ts'
import { jsonLine } from './json-bodies.ts'
import type { Output } from './output.ts'
import { count, type Progress } from './progress.ts'

export type ImportOptions = {
  readonly file: string
  readonly provider: string
  readonly json?: boolean | undefined
}

type Needs = Omit<ImportNeeds, 'onProgress' | 'refuse'> & {
  readonly output: Output
  readonly progress: Progress
  readonly signal: AbortSignal
}

/** Takes the prices of a file, and says what became of its lines. */
export async function importPrices(needs: Needs, { file, provider, json }: ImportOptions): Promise<void> {
  const { output, progress, signal } = needs
  const onProgress = (done: number, all: number) => progress.show('lines', done, all)
  const tally = await importFile({ ...needs, onProgress, refuse: refuseFile(file) }, signal)
  progress.end()
  await output.write(json ? jsonLine({ file, provider, ...tally }) : tallyText(file, provider, tally))
}

function refuseFile(file: string) {
  return (mistakes: readonly Mistake[]): never => {
    const list = mistakes.map(({ line, error }) => `\n  line ${line}: ${error.message}`).join('')
    throw new ServiceError('invalid_request', `${file} cannot be imported, and nothing of it was:${list}`)
  }
}

function tallyText(file: string, provider: string, tally: ImportTally): string {
  const { lines, skipped, recorded, corrected, confirmed, outdated } = tally
  const parts = [
    `${count(recorded)} new`,
    `${count(corrected)} corrected`,
    `${count(confirmed)} known`,
    ...(outdated > 0 ? [`${count(outdated)} older than what is known`] : []),
    ...(skipped > 0 ? [`${count(skipped)} of an earlier import`] : []),
  ]
  return `${count(lines)} lines of ${file}, provider ${provider}: ${parts.join(', ')}.\n`
}
