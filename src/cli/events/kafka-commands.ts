import type { Command } from 'commander'
import type { Instant } from '../../lib/instant.ts'
import type { DeadLetterAction, DeadLetterListOptions } from './dead-letters.ts'
import { addExamples, JSON_OPTION, type Act, type JsonOption } from '../terminal/options.ts'
import { readMoment } from '../terminal/arguments.ts'

export type KafkaActions = {
  /** `serve` in one role, which is of no use without Kafka. */
  serveRole(role: 'relay' | 'consumer', options: JsonOption): Promise<number>
  republish(options: JsonOption & { readonly since: Instant }): Promise<number>
  listDeadLetters(options: DeadLetterListOptions): Promise<number>
  actOnDeadLetter(action: DeadLetterAction, id: string, options: JsonOption): Promise<number>
}

export function addKafkaCommands(program: Command, act: Act<KafkaActions>): void {
  addRole(program.command('relay').description('announce prices on Kafka: serve with the role relay'), act, 'relay')
  addRole(
    program.command('consume').description('average what Kafka tells: serve with the role consumer'),
    act,
    'consumer',
  )
  const republish = program
    .command('republish')
    .description('announce stored prices again, for a topic that was wiped; consumers take repetitions')
    .requiredOption('--since <moment>', 'from what was stored then', readMoment)
    .option(...JSON_OPTION)
    .action((options: JsonOption & { since: Instant }) => act((actions) => actions.republish(options)))
  addExamples(
    republish,
    'market-data republish --since 2025-06-15',
    'market-data republish --since 2025-06-15T20:30:00Z',
  )
  addDeadLetters(program, act)
}

function addRole(command: Command, act: Act<KafkaActions>, role: 'relay' | 'consumer'): void {
  command
    .option('--json', 'say as one line of JSON that it is ready')
    .action((options: JsonOption) => act((actions) => actions.serveRole(role, options)))
  const variables = 'DATABASE_URL=postgres://user@host/prices KAFKA_BROKERS=host:9092'
  addExamples(command, `${variables} market-data ${command.name()}`)
}

const VERBS: Readonly<Record<DeadLetterAction, string>> = {
  show: 'print one, whole',
  retry: 'try one again, as if it had just come, and close it where that works',
  drop: 'close one for good',
}

function addDeadLetters(program: Command, act: Act<KafkaActions>): void {
  const letters = program.command('dead-letters').description('messages on Kafka that could not be used')
  const list = letters
    .command('list')
    .description('print the open ones, oldest first')
    .option('-a, --all', 'the closed ones as well')
    .option(...JSON_OPTION)
    .action((options: DeadLetterListOptions) => act((actions) => actions.listDeadLetters(options)))
  for (const command of [letters, list]) addExamples(command, 'market-data dead-letters list')
  for (const verb of ['show', 'retry', 'drop'] as const) {
    const command = letters
      .command(verb)
      .description(VERBS[verb])
      .argument('<id>', 'its number in the list')
      .option(...JSON_OPTION)
      .action((id: string, options: JsonOption) => act((actions) => actions.actOnDeadLetter(verb, id, options)))
    addExamples(command, `market-data dead-letters ${verb} 17`)
  }
}
