import type { DeadLetterAdmin, StoredDeadLetter } from '../../core/events/dead-letter.ts'
import { jsonLine } from '../../formats/cli-json.ts'
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
        ? letters.map((letter) => jsonLine(letterBody(letter))).join('')
        : linesText(alignColumns(letters.map(rowOf))),
    )
    const last = letters.at(-1)
    if (after === '0' && last === undefined && !json) output.say('There are no dead letters.')
    if (last === undefined || letters.length < PAGE || output.closed.aborted) return
    after = last.id
  }
}

export async function showDeadLetter({ admin, output }: Needs, id: string, { json }: Json): Promise<void> {
  const body = letterBody(await admin.find(id))
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

/** Bytes are shown as text where they are text, as Kafka's own tools do. */
function letterBody(letter: StoredDeadLetter) {
  return {
    id: letter.id,
    topic: letter.topic,
    partition: letter.partition,
    offset: letter.offset,
    reason: letter.reason,
    detail: letter.detail,
    attempts: letter.attempts,
    consumer_group: letter.consumerGroup,
    created_at: letter.createdAt,
    sent_at: letter.sentAt,
    resolution: letter.resolution,
    resolved_at: letter.resolvedAt,
    key: textOf(letter.key),
    value: textOf(letter.value),
    headers: letter.headers.map(([name, value]) => [name, textOf(value)]),
  }
}

function textOf(bytes: Uint8Array | null): string | null {
  return bytes && Buffer.from(bytes).toString('utf8')
}
