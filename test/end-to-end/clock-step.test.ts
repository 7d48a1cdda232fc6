import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { freePort } from '../support/free-port.ts'

// It is not part of this repository.
const SCRIPT = fileURLToPath(new URL('../../../shared/faults/inputs/clock-step.mjs', import.meta.url))
const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Where Debian keeps the library that sets the clock of one process: below a folder named after the architecture. */
function faketimeLibrary(): string | undefined {
  const folders = existsSync('/usr/lib') ? readdirSync('/usr/lib') : []
  return folders.map((folder) => join('/usr/lib', folder, 'faketime/libfaketimeMT.so.1')).find(existsSync)
}

const library = faketimeLibrary()
const isMissing = library === undefined && process.env['CI'] !== 'true'
const skip = existsSync(SCRIPT) ? isMissing && 'no libfaketime: apt-get install faketime' : 'no clock-step.mjs'

test(
  'clock-step.mjs: a clock that is put right after an hour ahead silences no job and keeps no old price fresh',
  { skip },
  async (t) => {
    assert.ok(library, 'no libfaketime: apt-get install faketime')
    const env = { ...process.env, FAKETIME_LIB: library, PORT: String(await freePort()) }
    const child = spawn(process.execPath, [SCRIPT], { cwd: ROOT, env })
    t.after(() => child.kill())
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
    assert.equal(stdout.trim().split('\n').at(-1), 'OK', `${stdout}${stderr}`)
  },
)
