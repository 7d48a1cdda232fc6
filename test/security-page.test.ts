import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'

const root = join(import.meta.dirname, '..')
const page = readFileSync(join(root, 'docs/security.md'), 'utf8')
const rows = [...page.matchAll(/^\| (S\d+) \| .* \| (.*) \|$/gm)].map(([, line = '', text = '']) => ({ line, text }))

test('docs/security.md has every line of the checklist, with a test or a reason', () => {
  assert.deepEqual(
    rows.map(({ line }) => line),
    Array.from({ length: 31 }, (_, at) => `S${at + 1}`),
  )
  for (const { line, text } of rows) assert.match(text, /^`test\/|\.$/, line)
})

test('every test that docs/security.md names is there', () => {
  const named = rows
    .flatMap(({ text }) => text.split('<br>'))
    .flatMap((part) => {
      const [, file = '', name = ''] = /^`(test\/[^`]+)`: (.*)$/.exec(part) ?? []
      return file === '' ? [] : [{ file, name }]
    })
  assert.ok(named.length > 25)
  const missing = named.filter(({ file, name }) => !readFileSync(join(root, file), 'utf8').includes(`'${name}'`))
  assert.deepEqual(missing, [])
})

test('no statement of SQL is put together from what a caller sent', () => {
  const folder = join(root, 'src/postgres')
  // A transfer names the tables and columns of our own catalogue, and no caller chooses any of them.
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => {
    return name.endsWith('.ts') && !name.startsWith('transfer')
  })
  assert.ok(files.length > 20)
  const wrong = files.flatMap((name) => {
    const text = readFileSync(join(folder, name), 'utf8')
    const statements = text.matchAll(/query(?:<[^(]*>)?\(\s*`([^`]*)`/g)
    const parts = statements.flatMap(([, statement = '']) => statement.matchAll(/\$\{([^}]*)\}/g))
    return [...parts].filter(([, part = '']) => !OUR_OWN.test(part)).map(([found]) => `${name}: ${found}`)
  })
  assert.deepEqual(wrong, [])
})

/** Constants; which of two conditions of ours (jobs), a statement and a number of rows of ours (verify). */
const OUR_OWN = /^(?:[A-Z_]+|where|query|page)$/

test('no file of the repository has a key or password in it', () => {
  const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean)
  assert.ok(files.length > 200)
  const wrong = files.flatMap((name) => {
    const text = readFileSync(join(root, name), 'latin1')
    return [...text.matchAll(SECRETS)].map(([found]) => `${name}: ${found}`)
  })
  assert.deepEqual(wrong, [])
})

const SECRETS =
  /mds_(?:live|page)_(?!4fJ2kLm9x{41})[0-9A-Za-z]{40,}|-----BEGIN [A-Z ]*PRIVATE KEY|AKIA[0-9A-Z]{16}|gh[pousr]_[0-9A-Za-z]{36}|xox[abps]-[\w-]{20,}/g
