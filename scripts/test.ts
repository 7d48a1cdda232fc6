// `npm test`: runs every test file, or those that the arguments match; flags are passed on to Node. Node's own command would
// take the files by name, and one long file that comes late, alone on one core, would hold up the end.
import { globSync } from 'node:fs'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'

/** Those that mostly wait come first, since others can run beside them; then those that compute for long. */
const FIRST = [
  'test/end-to-end/broker-away.test.ts',
  'test/end-to-end/distributed-crash.test.ts',
  'test/deploy/compose.test.ts',
  'test/end-to-end/cluster.test.ts',
  'test/readme.test.ts',
  'test/end-to-end/**/*.test.ts',
  'test/kafka/**/*.test.ts',
  'test/dashboard/**/*.test.ts',
  'test/cli/**/*.test.ts',
  'test/http/prices/hostile-replies.test.ts',
  'test/http/documents/openapi.test.ts',
  'test/scripts/ready.test.ts',
]

const CONCURRENCY = 3
const TIMEOUT_MS = 300_000

const given = process.argv.slice(2)
const flags = given.filter((argument) => argument.startsWith('-'))
const asked = given.filter((argument) => !argument.startsWith('-'))
const all = globSync(asked.length > 0 ? asked : 'test/**/*.test.ts').toSorted()
const files = [...new Set([...FIRST.flatMap((pattern) => matching(all, pattern)), ...all])]
if (files.length === 0) throw new Error(`no test file matches ${asked.join(' ')}`)

// Then what the run has started is stopped, too. The second Ctrl-C ends at once.
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort())

// A variable, since the types do not know the last one yet.
const options = {
  files,
  concurrency: CONCURRENCY,
  timeout: TIMEOUT_MS,
  signal: stop.signal,
  execArgv: flags,
  globalSetupPath: 'test/support/global-setup.ts',
}
run(options)
  .on('test:summary', ({ success }) => {
    if (!success) process.exitCode = 1
  })
  .compose(spec)
  .pipe(process.stdout)

function matching(names: readonly string[], pattern: string): string[] {
  const found = globSync(pattern)
  return names.filter((name) => found.includes(name))
}
