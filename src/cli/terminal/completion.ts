import { Argument, type Command } from 'commander'
import { addExamples } from './options.ts'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
type Shell = (typeof SHELLS)[number]

/** The words that can follow a command: after `jobs`, its subcommands and options. */
type Completions = {
  /** The names of the command and its subcommands, without the program's name. */
  readonly path: readonly string[]
  readonly words: readonly Word[]
}

type Word = { readonly text: string; readonly description: string; readonly isCommand: boolean }

export function addCompletionCommand(program: Command): void {
  const completion = program
    .command('completion')
    .description('Print a shell completion script')
    .addArgument(new Argument('<shell>', 'Shell').choices(SHELLS))
    .action((shell: Shell) => void process.stdout.write(completionScript(program, shell)))
  addExamples(
    completion,
    'source <(market-data completion bash)',
    'market-data completion zsh > "${fpath[1]}/_market-data"',
    'market-data completion fish > ~/.config/fish/completions/market-data.fish',
  )
}

/** A script that completes the commands and options of a program in a shell. */
export function completionScript(program: Command, shell: Shell): string {
  return SCRIPTS[shell](program.name(), completionsOf(program))
}

function completionsOf(command: Command, path: readonly string[] = []): Completions[] {
  const help = command.createHelp()
  const subcommands = help.visibleCommands(command).filter((each) => each.name() !== 'help')
  const commandWords = subcommands.map((each) => wordOf(each.name(), each.description(), true))
  const choices = command.registeredArguments.flatMap((argument) => argument.argChoices ?? [])
  const choiceWords = choices.map((choice) => wordOf(choice, '', true))
  const optionWords = help.visibleOptions(command).map((option) => wordOf(option.long ?? '', option.description, false))
  const own = { path, words: [...commandWords, ...choiceWords, ...optionWords] }
  return [own, ...subcommands.flatMap((each) => completionsOf(each, [...path, each.name()]))]
}

function wordOf(text: string, description: string, isCommand: boolean): Word {
  return { text, description, isCommand }
}

type Script = (program: string, completions: readonly Completions[]) => string

/** Follows the words before the cursor while they are commands, then completes what can follow the last one. */
const bash: Script = (program, completions) => `# bash completion of ${program}
_${functionName(program)}() {
  local current=\${COMP_WORDS[COMP_CWORD]} path= word words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$path/$word" in
      ${commandPaths(completions).join('|')}) path=$path/$word ;;
    esac
  done
  case $path in
${completions.map(({ path, words }) => `    '${pathText(path)}') words='${words.map(({ text }) => text).join(' ')}' ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _${functionName(program)} ${program}
`

const zsh: Script = (program, completions) => `#compdef ${program}
_${functionName(program)}() {
  local path_= word
  local -a words_
  for word in "\${words[@]:1:CURRENT-2}"; do
    case "$path_/$word" in
      ${commandPaths(completions).join('|')}) path_=$path_/$word ;;
    esac
  done
  case $path_ in
${completions.map(({ path, words }) => `    '${pathText(path)}') words_=(${words.map(zshWord).join(' ')}) ;;`).join('\n')}
  esac
  _describe '${program}' words_ || _default
}
compdef _${functionName(program)} ${program}
`

function zshWord({ text, description }: Word): string {
  return quoted(description === '' ? text : `${text}:${description}`)
}

const fish: Script = (program, completions) => {
  const lines = completions.flatMap(({ path, words }) =>
    words.map(({ text, description, isCommand }) => {
      const what = isCommand ? `-f -a ${text}` : `-l ${text.replace(/^--/, '')}`
      return `complete -c ${program} -n '${fishCondition(path, completions)}' ${what} -d ${quoted(description)}`
    }),
  )
  return `# fish completion of ${program}\n${lines.join('\n')}\n`
}

/** True if the command line contains the words of the path, and none of its subcommands. */
function fishCondition(path: readonly string[], completions: readonly Completions[]): string {
  const deeper = completions.filter(
    (other) => other.path.length > path.length && pathText(other.path).startsWith(pathText(path)),
  )
  const next = deeper.map((other) => other.path[path.length])
  const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`)
  const unseen = next.length === 0 ? [] : [`not __fish_seen_subcommand_from ${[...new Set(next)].join(' ')}`]
  return [...seen, ...unseen].join('; and ') || 'true'
}

const SCRIPTS: Readonly<Record<Shell, Script>> = { bash, zsh, fish }

function commandPaths(completions: readonly Completions[]): string[] {
  return completions.map(({ path }) => pathText(path)).filter((text) => text !== '')
}

/** `/jobs/add`; empty for the program itself. */
function pathText(path: readonly string[]): string {
  return path.map((word) => `/${word}`).join('')
}

function functionName(program: string): string {
  return program.replaceAll('-', '_')
}

/** In single quotes, for a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
