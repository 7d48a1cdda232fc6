import type { DeadLetterAdmin, StoredDeadLetter } from '../../core/events/dead-letter.ts'
import { deadLetterBody } from '../../formats/dead-letter.ts'
import { jsonLine } from '../../formats/json-line.ts'
import { alignColumns, linesText, type Output } from '../terminal/output.ts'

export type DeadLetterAction = 'show' | 'retry' | 'drop'
export type DeadLetterListOptions = { readonly all?: boolean | undefined; readonly json?: boolean | undefined }

type Json = { readonly json?: boolean | undefined }
type Needs = { readonly admin: DeadLetterAdmin; readonly output: Output }

const PAGE = 500

/** A line each; with JSON a whole letter a line. */
export async function listDeadLetters(
  { admin, output }: Needs,
  { all = false, json }: DeadLetterListOptions,
): Promise<void> {
  let after = '0'
  for (;;) {
    const letters = await admin.list({ all, after, limit: PAGE })
    await output.write(
      json
        ? letters.map((letter) => jsonLine(deadLetterBody(letter))).join('')
        : linesText(alignColumns(letters.map(rowOf))),
    )
    const last = letters.at(-1)
    if (after === '0' && last === undefined && !json) output.say('There are no dead letters.')
    if (last === undefined || letters.length < PAGE || output.closed.aborted) return
    after = last.id
  }
}

export async function showDeadLetter({ admin, output }: Needs, id: string, { json }: Json): Promise<void> {
  const body = deadLetterBody(await admin.find(id))
  const rows = Object.entries(body).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ])
  await output.write(json ? jsonLine(body) : linesText(alignColumns(rows)))
}

/** Closes it; one that is closed stays as it is. */
export async function dropDeadLetter({ admin, output }: Needs, id: string, { json }: Json): Promise<void> {
  await admin.find(id)
  const dropped = await admin.resolve(id, 'dropped')
  await output.write(json ? jsonLine({ id, dropped }) : `${dropped ? 'dropped' : 'was closed already:'} ${id}\n`)
}

function rowOf({ id, createdAt, topic, partition, offset, reason, detail, resolution }: StoredDeadLetter): string[] {
  return [id, createdAt, `${topic}/${partition}@${offset}`, reason, resolution ?? 'open', detail]
}
