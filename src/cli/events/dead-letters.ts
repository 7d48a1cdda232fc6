import type { Command } from 'commander'
import type { DeadLetterAdmin, StoredDeadLetter } from '../../core/events/dead-letter.ts'
import { addExamples, JSON_OPTION, type Act, type JsonOption } from '../terminal/options.ts'
import { deadLetterBody } from '../../formats/dead-letter.ts'
import { jsonLine } from '../../formats/json/json-line.ts'
import { alignColumns, linesText, type Output } from '../terminal/output.ts'

export type DeadLetterActions = {
  listDeadLetters(options: DeadLetterListOptions): Promise<number>
  actOnDeadLetter(action: DeadLetterAction, id: string, options: JsonOption): Promise<number>
}

type DeadLetterAction = 'show' | 'retry' | 'drop'
type DeadLetterListOptions = JsonOption & { readonly all?: boolean | undefined }

const DESCRIPTIONS: Readonly<Record<DeadLetterAction, string>> = {
  show: 'Print a dead letter in full',
  retry: 'Process a dead letter again, and resolve it if that succeeds',
  drop: 'Resolve a dead letter without processing it',
}

/** The commands for Kafka messages that could not be processed. */
export function addDeadLetterCommands(program: Command, act: Act<DeadLetterActions>): void {
  const letters = program.command('dead-letters').description('Manage Kafka messages that could not be processed')
  const list = letters
    .command('list')
    .description('List unresolved dead letters, oldest first')
    .option('-a, --all', 'Include resolved ones')
    .option(...JSON_OPTION)
    .action((options: DeadLetterListOptions) => act((actions) => actions.listDeadLetters(options)))
  for (const command of [letters, list]) addExamples(command, 'market-data dead-letters list')
  for (const action of ['show', 'retry', 'drop'] as const) {
    const command = letters
      .command(action)
      .description(DESCRIPTIONS[action])
      .argument('<id>', 'Id, as shown by list')
      .option(...JSON_OPTION)
      .action((id: string, options: JsonOption) => act((actions) => actions.actOnDeadLetter(action, id, options)))
    addExamples(command, `market-data dead-letters ${action} 17`)
  }
}

type Needs = { readonly admin: DeadLetterAdmin; readonly output: Output }

const PAGE = 500

/** Prints a line for each letter; with JSON, the whole letter on a line. */
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
    if (after === '0' && last === undefined && !json) output.report('No dead letters.')
    if (last === undefined || letters.length < PAGE || output.closed.aborted) return
    after = last.id
  }
}

export async function showDeadLetter({ admin, output }: Needs, id: string, { json }: JsonOption): Promise<void> {
  const body = deadLetterBody(await admin.find(id))
  const rows = Object.entries(body).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ])
  await output.write(json ? jsonLine(body) : linesText(alignColumns(rows)))
}

/** Resolves the letter; one that is already resolved stays as it is. */
export async function dropDeadLetter({ admin, output }: Needs, id: string, { json }: JsonOption): Promise<void> {
  await admin.find(id)
  const dropped = await admin.resolve(id, 'dropped')
  await output.write(json ? jsonLine({ id, dropped }) : `${dropped ? 'dropped' : 'already resolved:'} ${id}\n`)
}

function rowOf({ id, createdAt, topic, partition, offset, reason, detail, resolution }: StoredDeadLetter): string[] {
  return [id, createdAt, `${topic}/${partition}@${offset}`, reason, resolution ?? 'open', detail]
}
