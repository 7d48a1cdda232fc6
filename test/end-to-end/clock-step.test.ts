import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createDatabaseConnection, urlOf } from '../support/database.ts'
import { freePort } from '../support/free-port.ts'
import { createFolder } from '../support/service-process.ts'
import { until } from '../support/until.ts'

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
    const folder = createFolder()
    t.after(() => endServicesOf(folder))
    // The script gives the service 30 s to start; with a database that is there already, a busy machine makes it too.
    const DATABASE_URL = urlOf(await createDatabaseConnection(t))
    const PORT = String(await freePort())
    const env = { ...process.env, FAKETIME_LIB: library, TMPDIR: folder, DATABASE_URL, PORT }
    const child = spawn(process.execPath, [SCRIPT], { cwd: ROOT, env })
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
    assert.equal(stdout.trim().split('\n').at(-1), 'OK', `${stdout}${stderr}`)
  },
)

/** A script that fails leaves its service behind. */
async function endServicesOf(folder: string): Promise<void> {
  const left = () =>
    readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0 && environmentOf(pid).includes(folder))
  for (const pid of left()) process.kill(pid, 'SIGTERM')
  await until(() => left().length === 0, 'the service of the script is gone')
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8')
  } catch {
    return ''
  }
}
