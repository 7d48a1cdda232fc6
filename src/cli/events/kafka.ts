import type { Command } from 'commander'
import type { Instant } from '../../lib/instant.ts'
import { parseTime } from '../terminal/arguments.ts'
import { addExamples, JSON_OPTION, READY_JSON_OPTION, type Act, type JsonOption } from '../terminal/options.ts'

export type KafkaActions = {
  /** `serve` in a role that requires Kafka. */
  serveRole(role: 'relay' | 'consumer', options: JsonOption): Promise<number>
  republish(options: JsonOption & { readonly since: Instant }): Promise<number>
}

/** The commands that publish prices to Kafka and consume them. */
export function addKafkaCommands(program: Command, act: Act<KafkaActions>): void {
  const relay = program.command('relay').description('Publish prices to Kafka (serve --roles relay)')
  addRole(relay, act, 'relay')
  const consume = program.command('consume').description('Compute averages from Kafka (serve --roles consumer)')
  addRole(consume, act, 'consumer')
  const republish = program
    .command('republish')
    .description('Publish stored prices again, after a topic was deleted; consumers ignore duplicates')
    .requiredOption('--since <time>', 'Publish prices stored at or after this time', parseTime)
    .option(...JSON_OPTION)
    .action((options: JsonOption & { since: Instant }) => act((actions) => actions.republish(options)))
  addExamples(
    republish,
    'market-data republish --since 2025-06-15',
    'market-data republish --since 2025-06-15T20:30:00Z',
  )
}

function addRole(command: Command, act: Act<KafkaActions>, role: 'relay' | 'consumer'): void {
  command
    .option(...READY_JSON_OPTION)
    .action((options: JsonOption) => act((actions) => actions.serveRole(role, options)))
  const variables = 'DATABASE_URL=postgres://user@host/prices KAFKA_BROKERS=host:9092'
  addExamples(command, `${variables} market-data ${command.name()}`)
}
