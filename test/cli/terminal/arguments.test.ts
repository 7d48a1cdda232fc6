import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { completionScript, SHELLS } from '../../../src/cli/terminal/completion.ts'
import { createProgram } from '../../../src/cli/program.ts'
import { createDataDir, runCommand } from '../../support/service-process.ts'

const INVALID: readonly (readonly [args: string, message: RegExp])[] = [
  ['nonsense', /unknown command 'nonsense'/],
  ['jobs nonsense', /unknown command 'nonsense'/],
  ['fetch', /missing required argument 'symbols'/],
  ['fetch AAPL ../etc', /Not a symbol: "\.\.\/etc"/],
  ['fetch AAPL,../etc', /Not a symbol: "\.\.\/etc"/],
  ['fetch ,', /Not a symbol: ","/],
  ['fetch AAPL --provider nasdaq', /No provider "nasdaq"\. Available: yfinance, simulated\./],
  ['watch AAPL --provider nasdaq', /No provider "nasdaq"/],
  ['jobs add AAPL', /required option '-e, --every <interval>' not specified/],
  ['jobs add AAPL --every 5', /Use a format like 30s, 5m, 1h or 1d\./],
  ['jobs add AAPL --every 0s', /Use a value from 1s to 365d\./],
  ['history AAPL --from yesterday', /Use a format like 2025-06-15 or/],
  ['history AAPL --from 2025-02-30', /Use a format like 2025-06-15 or/],
  ['history AAPL --limit 0', /Use a whole number of at least 1\./],
  ['history AAPL --csv --json', /use --csv or --json, not both/],
  ['completion powershell', /Allowed choices are bash, zsh, fish\./],
]

test('an invalid command is one line on stderr and exit code 2', async () => {
  const results = await Promise.all(INVALID.map(([args]) => runCommand(args.split(' '))))
  for (const [at, { code, stdout, stderr }] of results.entries()) {
    const [args, message] = INVALID[at] ?? ['', /never/]
    assert.deepEqual([code, stdout], [2, ''], args)
    assert.match(stderr, /^market-data: [^\n]+\n$/, args)
    assert.match(stderr, message, args)
  }
})

test('invalid settings are exit code 78, and each one is reported', async () => {
  const env = { PORT: 'many', DEFAULT_PROVIDER: 'nasdaq' }
  const { code, stdout, stderr } = await runCommand(['jobs', 'list'], { env, dataDir: createDataDir() })
  assert.deepEqual([code, stdout], [78, ''])
  assert.match(stderr, /^market-data: PORT=many.*\nmarket-data: DEFAULT_PROVIDER=nasdaq.*\n$/)
})

const program = createProgram(() => Promise.reject(new Error('no command is run')), { version: '', providers: [] })

test('the shell completes commands, subcommands, options and choices', () => {
  const script = completionScript(program, 'bash')
  const complete = (line: string) => {
    const words = line.split(' ')
    const context = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}`
    const shown = `${context}; _market_data; printf '%s\\n' "\${COMPREPLY[@]}"`
    return execFileSync('bash', ['-c', `${script}\n${shown}`], { encoding: 'utf8' })
      .trim()
      .split('\n')
  }
  assert.deepEqual(complete('market-data fe'), ['fetch'])
  assert.deepEqual(complete('market-data jobs p'), ['pause'])
  assert.deepEqual(complete('market-data jobs add AAPL --e'), ['--every'])
  assert.deepEqual(complete('market-data completion '), ['bash', 'zsh', 'fish', '--help'])
})

test('the completion script of every shell contains every command', () => {
  for (const shell of SHELLS) {
    const script = completionScript(program, shell)
    for (const { name } of allCommands()) assert.match(script, new RegExp(`\\b${name}\\b`), `${shell}: ${name}`)
  }
})

test('the help of every command has valid examples', () => {
  for (const { name, help } of allCommands()) {
    assert.match(help, /\nExamples:\n {2}\$ \S/, name)
    for (const [, example] of help.matchAll(/ \$ .*?market-data ([a-z-]+( [a-z]+)?)/g)) {
      const [command = '', subcommand = ''] = (example ?? '').split(' ')
      const found = program.commands.find((each) => each.name() === command)
      assert.ok(found, example)
      if (found.commands.length > 0)
        assert.ok(
          found.commands.some((each) => each.name() === subcommand),
          example,
        )
    }
  }
})

test('the help of the program lists the exit codes', () => {
  const launcher = fileURLToPath(new URL('../../../bin/market-data', import.meta.url))
  const help = execFileSync(process.execPath, [launcher, '--help'], { encoding: 'utf8' })
  assert.match(help, /Exit codes:\n {2}0 .*\n {2}1 .*\n {2}2 .*\n {2}78 /)
})

function allCommands(commands = program.commands): { name: string; help: string }[] {
  return commands.flatMap((command) => {
    let help = ''
    command.configureOutput({ ...command.configureOutput(), writeOut: (text) => (help += text) }).outputHelp()
    return [{ name: command.name(), help }, ...allCommands(command.commands)]
  })
}
