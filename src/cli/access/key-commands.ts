import { Option, type Command } from 'commander'
import { SCOPES, type Scope } from '../../core/access/key.ts'
import type { CreateKeyOptions } from './keys.ts'
import { addExamples, JSON_OPTION, type Act, type JsonOption } from '../terminal/options.ts'
import { readInterval } from '../terminal/arguments.ts'

export type KeyActions = {
  createKey(options: CreateKeyOptions): Promise<number>
  listKeys(options: JsonOption): Promise<number>
  revokeKey(keyId: string, options: JsonOption): Promise<number>
}

const SCOPE_OPTION = new Option('-s, --scope <scope>', 'write may read too, admin may also make keys')
  .choices(SCOPES)
  .makeOptionMandatory()

/** The commands over keys. Whoever may run them may reach the database, so they ask for no key themselves. */
export function addKeyCommands(program: Command, act: Act<KeyActions>): void {
  const keys = program
    .command('keys')
    .description('keys of the HTTP interface; once one was ever made, nobody gets in without')
  const create = keys
    .command('create')
    .description('make a key and print it, this once; running services know it at once')
    .addOption(SCOPE_OPTION)
    .option('-n, --name <name>', 'whose it is, or what for')
    .option('-e, --expires <after>', 'when it ends by itself, such as 12h or 90d', readInterval)
    .option(...JSON_OPTION)
    .action((options: Omit<CreateKeyOptions, 'scopes'> & { scope: Scope }) =>
      act((actions) => actions.createKey({ ...options, scopes: [options.scope] })),
    )
  const list = keys
    .command('list')
    .description('all keys that were ever made, oldest first')
    .option(...JSON_OPTION)
    .action((options: JsonOption) => act((actions) => actions.listKeys(options)))
  const revoke = keys
    .command('revoke')
    .description('end a key for good, everywhere within 5 seconds')
    .argument('<id>', 'as list shows it')
    .option(...JSON_OPTION)
    .action((keyId: string, options: JsonOption) => act((actions) => actions.revokeKey(keyId, options)))
  const example = 'market-data keys create --scope read --name dashboards'
  addExamples(keys, example, 'market-data keys list', 'market-data keys revoke 4fJ2kLm9')
  addExamples(create, example, 'market-data keys create --scope admin --expires 90d --json')
  addExamples(
    list,
    'market-data keys list',
    "market-data keys list --json | jq '.data[] | select(.revoked_at == null)'",
  )
  addExamples(revoke, 'market-data keys revoke 4fJ2kLm9')
}
