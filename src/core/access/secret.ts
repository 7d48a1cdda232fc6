import { hash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { Secret } from './key.ts'

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const RANDOM_BYTES = 32
/** 62^43 is the first power above 2^256, 62^6 above 2^32. */
const BODY_LENGTH = 43
const CHECKSUM_LENGTH = 6
const ID_LENGTH = 8

const KEY_PREFIX = 'mds_live_'
const SESSION_PREFIX = 'mds_page_'

/** Complete or truncated. */
const SECRETS = /mds_(live|page)_\w+/g

/** The text with our keys and sessions removed, for logs and responses: callers put them in unexpected places. */
export function withoutSecrets(text: string): string {
  return text.replaceAll(SECRETS, 'mds_$1_…')
}

/** A new key: a prefix that secret scanners find, 256 random bits, and a checksum that distinguishes a typo from a guess. */
export function createKeySecret(): Secret {
  return createSecret(KEY_PREFIX)
}

/** A new session, for the cookie of the dashboard; it is not accepted in a header. */
export function createSessionSecret(): Secret {
  return createSecret(SESSION_PREFIX)
}

/** Undefined if the text is not a key, for example because of a wrong checksum: it need not be looked up. */
export function readKeySecret(text: string): Secret | undefined {
  return readSecret(KEY_PREFIX, text)
}

export function readSessionSecret(text: string): Secret | undefined {
  return readSecret(SESSION_PREFIX, text)
}

function createSecret(prefix: string): Secret {
  const body = base62(BigInt(`0x${randomBytes(RANDOM_BYTES).toString('hex')}`), BODY_LENGTH)
  return secretOf(prefix, prefix + body + checksumOf(body))
}

function readSecret(prefix: string, text: string): Secret | undefined {
  if (text.length !== prefix.length + BODY_LENGTH + CHECKSUM_LENGTH || !text.startsWith(prefix)) return undefined
  const [body, checksum] = [text.slice(prefix.length, -CHECKSUM_LENGTH), text.slice(-CHECKSUM_LENGTH)]
  return checksum === checksumOf(body) ? secretOf(prefix, text) : undefined
}

function secretOf(prefix: string, text: string): Secret {
  const id = text.slice(prefix.length, prefix.length + ID_LENGTH)
  return { text, id, digest: Buffer.from(hexDigestOf(text), 'hex') }
}

/** SHA-256 in hexadecimal, by which a secret is found: a fast hash is sufficient for 256 random bits. */
export function hexDigestOf(text: string): string {
  return hash('sha256', text, 'hex')
}

function checksumOf(body: string): string {
  return base62(BigInt(crc32(body)), CHECKSUM_LENGTH)
}

function base62(value: bigint, length: number): string {
  let text = ''
  for (let rest = value; rest > 0n; rest /= 62n) text = DIGITS[Number(rest % 62n)] + text
  return text.padStart(length, '0')
}
