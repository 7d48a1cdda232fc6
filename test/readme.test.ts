import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test, { describe, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Json } from './support/request.ts'
import { createShell } from './support/shell.ts'

// Runs every command that the documentation shows as `sh`, unchanged and in order. Those of docs/how-to/kafka.md (`bash`) name
// several machines: test/end-to-end/distributed.test.ts runs them.

type Block = { readonly language: string; readonly text: string }

const project = fileURLToPath(new URL('..', import.meta.url))

const NOT_RUN: ReadonlyMap<string, string> = new Map([
  ['npm test', 'it runs this test'],
  ['npm run check', 'it takes long, and .ci/run runs it'],
  ['npm run format', 'it would change the source'],
])

// The commands mostly wait for prices.
describe('every command works, and prints what the document shows', { concurrency: 3 }, () => {
  for (const page of pages()) {
    const blocks = blocksOf(page)
    if (blocks.some(isRun)) test(page, (t) => runBlocks(t, page, blocks))
  }
})

test('links between the documents are valid', () => {
  const dead = pages().flatMap((page) => {
    const links = [...read(page).matchAll(/(?:\]\(|src(?:set)?=")(?!https?:|#)([^)"#\s]+)/g)]
    return links.map(([, link = '']) => link).filter((link) => !existsSync(join(project, dirname(page), link)))
  })
  assert.deepEqual(dead, [])
})

async function runBlocks(t: TestContext, page: string, blocks: readonly Block[]): Promise<void> {
  const shell = await createShell(t)
  for (const [at, block] of blocks.entries()) {
    if (!isRun(block)) continue
    const output = await shell.run(block.text)
    const shown = blocks[at + 1]
    if (shown?.language === 'json') assertSameMembers(JSON.parse(output), JSON.parse(shown.text), page)
  }
}

function pages(): string[] {
  const below = readdirSync(join(project, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) => `docs/${name}`)
  return [...readdirSync(project), ...below].filter((name) => name.endsWith('.md')).toSorted()
}

function read(page: string): string {
  return readFileSync(join(project, page), 'utf8')
}

function blocksOf(page: string): Block[] {
  const blocks = read(page).matchAll(/^```(\w*)\n(.*?)^```$/gms)
  return [...blocks].map(([, language = '', content = '']) => ({ language, text: content }))
}

function isRun({ language, text }: Block): boolean {
  return language === 'sh' && !NOT_RUN.has(text.trim())
}

/** Compares the first entries of lists, because their lengths vary. Null matches anything. */
function assertSameMembers(real: Json, shown: Json, path: string): void {
  if (real === null || shown === null || typeof shown !== 'object') return
  if (Array.isArray(shown)) return assertSameMembers(real[0], shown[0], `${path}/0`)
  assert.deepEqual(new Set(Object.keys(real)), new Set(Object.keys(shown)), path)
  for (const name of Object.keys(shown)) assertSameMembers(real[name], shown[name], `${path}/${name}`)
}
