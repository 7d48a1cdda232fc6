import { Option, type Command } from 'commander'
import { allows, SCOPES, type CreateKey, type Key, type Keys, type Scope } from '../../core/access/key.ts'
import type { Clock } from '../../lib/clock.ts'
import { ServiceError } from '../../errors.ts'
import { instantFromMillis, type Instant } from '../../lib/instant.ts'
import { parseInterval } from '../terminal/arguments.ts'
import { addExamples, JSON_OPTION, type Act, type JsonOption } from '../terminal/options.ts'
import { jsonLine } from '../../formats/json/json-line.ts'
import { issuedKeyBody, keyBody } from '../../formats/key.ts'
import { alignColumns, linesText, type Output } from '../terminal/output.ts'

export type KeyActions = {
  createKey(options: CreateKeyOptions): Promise<number>
  listKeys(options: JsonOption): Promise<number>
  revokeKey(keyId: string, options: JsonOption): Promise<number>
}

type CreateKeyOptions = JsonOption & {
  readonly scopes: CreateKey['scopes']
  readonly name?: string | undefined
  /** In seconds from now. */
  readonly expires?: number | undefined
}

const SCOPE_OPTION = new Option('-s, --scope <scope>', 'What the key permits; write includes read, admin includes both')
  .choices(SCOPES)
  .makeOptionMandatory()

/** The commands that manage API keys. They need no key: access to the database is enough. */
export function addKeyCommands(program: Command, act: Act<KeyActions>): void {
  const keys = program
    .command('keys')
    .description('Manage API keys; once a key has been created, every request needs one')
  const create = keys
    .command('create')
    .description('Create a key and print it once; running services accept it immediately')
    .addOption(SCOPE_OPTION)
    .option('-n, --name <name>', "The key's owner or purpose")
    .option('-e, --expires <after>', 'Time until the key expires, such as 12h or 90d', parseInterval)
    .option(...JSON_OPTION)
    .action((options: Omit<CreateKeyOptions, 'scopes'> & { scope: Scope }) =>
      act((actions) => actions.createKey({ ...options, scopes: [options.scope] })),
    )
  const list = keys
    .command('list')
    .description('List all keys, including revoked ones, oldest first')
    .option(...JSON_OPTION)
    .action((options: JsonOption) => act((actions) => actions.listKeys(options)))
  const revoke = keys
    .command('revoke')
    .description('Revoke a key for good; every service rejects it within 5 seconds')
    .argument('<id>', 'Id, as shown by list')
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

type Needs = { readonly keys: Keys; readonly output: Output; readonly clock: Clock }

/** Prints only the key on stdout, so that it can be piped into a secret store. */
export async function createKey({ keys, output, clock }: Needs, options: CreateKeyOptions): Promise<void> {
  const { scopes, name = null, expires, json } = options
  const expiresAt = expires === undefined ? null : instantFromMillis(clock.now() + expires * 1_000)
  const isFirst = (await keys.list({ limit: 1, cursor: undefined })).data.length === 0
  const issued = await keys.create({ scopes, name, expiresAt })
  await output.write(json ? jsonLine(issuedKeyBody(issued)) : `${issued.key}\n`)
  if (isFirst) output.report(firstKeyText(scopes))
  if (!json) output.report(`The key is shown only this once. To revoke it: market-data keys revoke ${issued.keyId}`)
}

/** The first key closes the service, also to what this key may not do. */
function firstKeyText(scopes: CreateKey['scopes']): string {
  const closed = 'This is the first key: from now on every request needs one.'
  if (allows(scopes, 'admin')) return closed
  const refused = allows(scopes, 'write') ? 'manage keys over HTTP' : 'create polling jobs or manage keys over HTTP'
  return `${closed} This one cannot ${refused}; one that can: market-data keys create --scope admin`
}

const PAGE = 1_000

export async function listKeys({ keys, output }: Needs, { json }: JsonOption): Promise<void> {
  const all: Key[] = []
  let cursor: string | undefined
  do {
    const page = await keys.list({ limit: PAGE, cursor })
    all.push(...page.data)
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  await output.write(json ? jsonLine({ data: all.map(keyBody) }) : tableText(all, output))
  if (all.length === 0 && !json) output.report('No keys have been created: requests from this machine need none.')
}

export async function revokeKey({ keys, output }: Needs, keyId: string, { json }: JsonOption): Promise<void> {
  const revoked = await keys.revoke(keyId)
  if (revoked === undefined) throw new ServiceError('not_found', `No key ${keyId} exists.`)
  await output.write(json ? jsonLine(keyBody(revoked)) : `revoked ${keyId}\n`)
}

const HEAD = ['KEY', 'SCOPE', 'CREATED', 'STATUS', 'NAME']

function tableText(keys: readonly Key[], { paint }: Output): string {
  if (keys.length === 0) return ''
  return linesText(alignColumns([HEAD.map((word) => paint('dim', word)), ...keys.map(rowOf)]))
}

function rowOf(key: Key): string[] {
  return [key.keyId, key.scopes.join(','), toSecond(key.createdAt), validityOf(key), key.name ?? '']
}

function validityOf({ expiresAt, revokedAt }: Key): string {
  if (revokedAt) return `revoked ${toSecond(revokedAt)}`
  return expiresAt ? `valid until ${toSecond(expiresAt)}` : 'valid'
}

/** A list is for people, who compare days and minutes; `--json` has every digit. */
function toSecond(instant: Instant): string {
  return instant.replace(/\.\d+(?=Z$)/, '')
}
