import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const SRC = join(import.meta.dirname, '../../src')

/** A member in the spelling of the wire: `price_id: price.priceId` or `{ price_id }`. */
const WIRE_MEMBER =
  /(?<![\w'"`$.?])([a-z][a-z0-9]*(?:_[a-z0-9]+)+)\??:\s*(\S+)|(?<=(?:(?<!\$)\{|,)\s*)([a-z][a-z0-9]*(?:_[a-z0-9]+)+)(?=\s*[,}])/g

/** What reads such a member, or describes one that a request has. */
const READS = [
  /^\s*(?:const|let) \{.*\} = /, // a body is taken apart
  /\w+_\w+: \w+ = /, // a parameter with a default is
  /\bexamples: \[/, // an example of a request
]

/** CloudEvents prescribes the names of its headers. */
const HEADER = /^ce_/

/** Schemas of what comes in; `Settings` are no body. */
const INCOMING = /const \w*(?:Query|Path|Headers|Request|Settings) = Type\.Object\(/

function linesOf(...rooms: readonly string[]) {
  return rooms.flatMap((room) =>
    readdirSync(join(SRC, room), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) =>
        readFileSync(join(SRC, room, name), 'utf8')
          .split('\n')
          .map((text, at) => ({ at: `src/${room}/${name}:${at + 1}`, text })),
      ),
  )
}

test('bodies are written in formats only: no other folder writes a member in the spelling of the wire', () => {
  const written = linesOf('http', 'cli', 'kafka', 'app/commands').flatMap(({ at, text }) => {
    if (READS.some((pattern) => pattern.test(text)) || INCOMING.test(text)) return []
    const members = [...text.matchAll(WIRE_MEMBER)].filter(
      ([, name = '', value = '']) => !HEADER.test(name) && !value.startsWith('Type.'),
    )
    return members.map(([, name, , shorthand]) => `${at} writes ${name ?? shorthand}`)
  })
  assert.deepEqual(written, [])
})

test('the schema of a body is next to the function that writes it: other folders describe requests only', () => {
  const described = linesOf('http', 'cli', 'kafka', 'app/commands')
    .filter(({ text }) => text.includes('Type.Object(') && !INCOMING.test(text))
    .map(({ at, text }) => `${at} ${text.trim()}`)
  assert.deepEqual(described, [])
})
