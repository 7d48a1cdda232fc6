import { ServiceError } from '../../errors.ts'
import type { ImportNeeds, ImportTally } from '../../core/ingest/csv-import.ts'
import { jsonLine } from '../../formats/json-line.ts'
import { count } from '../terminal/progress.ts'

export type ImportOptions = {
  readonly file: string
  readonly provider: string
  readonly json?: boolean | undefined
}

/** Says which lines of a file are wrong, and why. */
export function refuseFile(file: string): ImportNeeds['refuse'] {
  return (mistakes) => {
    const list = mistakes.map(({ line, error }) => `\n  line ${line}: ${error.message}`).join('')
    throw new ServiceError('invalid_request', `${file} cannot be imported, and nothing of it was:${list}`)
  }
}

/** What became of the lines of a file. */
export function importReport(tally: ImportTally, { file, provider, json }: ImportOptions): string {
  if (json) return jsonLine({ file, provider, ...tally })
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
