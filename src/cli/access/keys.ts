import type { Key, CreateKey, Keys } from '../../core/access/key.ts'
import type { Clock } from '../../lib/clock.ts'
import { ServiceError } from '../../errors.ts'
import { instantFromMillis } from '../../lib/instant.ts'
import { jsonLine } from '../../formats/json-line.ts'
import { issuedKeyBody, keyBody } from '../../formats/key.ts'
import { alignColumns, linesText, type Output } from '../terminal/output.ts'

type Json = { readonly json?: boolean | undefined }
export type CreateKeyOptions = Json & {
  readonly scopes: CreateKey['scopes']
  readonly name?: string | undefined
  /** In seconds from now. */
  readonly expires?: number | undefined
}

type Needs = { readonly keys: Keys; readonly output: Output; readonly clock: Clock }

/** Prints the key alone, so that it can be piped to where it is to be kept. */
export async function createKey({ keys, output, clock }: Needs, options: CreateKeyOptions): Promise<void> {
  const { scopes, name = null, expires, json } = options
  const expiresAt = expires === undefined ? null : instantFromMillis(clock.now() + expires * 1_000)
  const issued = await keys.create({ scopes, name, expiresAt })
  await output.write(json ? jsonLine(issuedKeyBody(issued)) : `${issued.key}\n`)
  if (!json) output.say(`This is the only time that it is shown. To end it: market-data keys revoke ${issued.keyId}`)
}

const PAGE = 1_000

export async function listKeys({ keys, output }: Needs, { json }: Json): Promise<void> {
  const all: Key[] = []
  let cursor: string | undefined
  do {
    const page = await keys.list({ limit: PAGE, cursor })
    all.push(...page.data)
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  await output.write(json ? jsonLine({ data: all.map(keyBody) }) : linesText(alignColumns(all.map(rowOf))))
  if (all.length === 0 && !json) output.say('No key was ever made: on this machine nobody needs one.')
}

export async function revokeKey({ keys, output }: Needs, keyId: string, { json }: Json): Promise<void> {
  const revoked = await keys.revoke(keyId)
  if (revoked === undefined) throw new ServiceError('not_found', `There is no key ${keyId}.`)
  await output.write(json ? jsonLine(keyBody(revoked)) : `revoked ${keyId}\n`)
}

function rowOf({ keyId, scopes, name, createdAt, expiresAt, revokedAt }: Key): string[] {
  const end = revokedAt ? `revoked ${revokedAt}` : expiresAt ? `until ${expiresAt}` : 'in force'
  return [keyId, scopes.join(','), createdAt, end, name ?? '']
}
