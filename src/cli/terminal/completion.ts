import type { Command } from 'commander'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** What may stand behind a command: `jobs` has the words of its subcommands and options. */
type Place = {
  /** The words of the command, without the program's name. */
  readonly path: readonly string[]
  readonly words: readonly Word[]
}

type Word = { readonly text: string; readonly description: string; readonly isCommand: boolean }

/** A script that makes the shell complete the commands and options of a program. */
export function completionScript(program: Command, shell: Shell): string {
  return SCRIPTS[shell](program.name(), checkpointsOf(program))
}

function checkpointsOf(command: Command, path: readonly string[] = []): Place[] {
  const help = command.createHelp()
  const subcommands = help.visibleCommands(command).filter((each) => each.name() !== 'help')
  const commandWords = subcommands.map((each) => wordOf(each.name(), each.description(), true))
  const choices = command.registeredArguments.flatMap((argument) => argument.argChoices ?? [])
  const choiceWords = choices.map((choice) => wordOf(choice, '', true))
  const optionWords = help.visibleOptions(command).map((option) => wordOf(option.long ?? '', option.description, false))
  const own = { path, words: [...commandWords, ...choiceWords, ...optionWords] }
  return [own, ...subcommands.flatMap((each) => checkpointsOf(each, [...path, each.name()]))]
}

function wordOf(text: string, description: string, isCommand: boolean): Word {
  return { text, description, isCommand }
}

type Script = (program: string, places: readonly Place[]) => string

/** Walks along the words before the cursor as far as they are commands; completes what may stand there. */
const bash: Script = (program, places) => `# bash completion of ${program}
_${functionName(program)}() {
  local current=\${COMP_WORDS[COMP_CWORD]} path= word words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$path/$word" in
      ${commandPaths(places).join('|')}) path=$path/$word ;;
    esac
  done
  case $path in
${places.map(({ path, words }) => `    '${pathText(path)}') words='${words.map(({ text }) => text).join(' ')}' ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _${functionName(program)} ${program}
`

const zsh: Script = (program, places) => `#compdef ${program}
_${functionName(program)}() {
  local path_= word
  local -a words_
  for word in "\${words[@]:1:CURRENT-2}"; do
    case "$path_/$word" in
      ${commandPaths(places).join('|')}) path_=$path_/$word ;;
    esac
  done
  case $path_ in
${places.map(({ path, words }) => `    '${pathText(path)}') words_=(${words.map(zshWord).join(' ')}) ;;`).join('\n')}
  esac
  _describe '${program}' words_ || _default
}
compdef _${functionName(program)} ${program}
`

function zshWord({ text, description }: Word): string {
  return quoted(description === '' ? text : `${text}:${description}`)
}

const fish: Script = (program, places) => {
  const lines = places.flatMap(({ path, words }) =>
    words.map(({ text, description, isCommand }) => {
      const what = isCommand ? `-f -a ${text}` : `-l ${text.replace(/^--/, '')}`
      return `complete -c ${program} -n '${fishCondition(path, places)}' ${what} -d ${quoted(description)}`
    }),
  )
  return `# fish completion of ${program}\n${lines.join('\n')}\n`
}

/** The words of the path stand before the cursor, and none that leads further. */
function fishCondition(path: readonly string[], places: readonly Place[]): string {
  const deeper = places.filter(
    (place) => place.path.length > path.length && pathText(place.path).startsWith(pathText(path)),
  )
  const next = deeper.map((place) => place.path[path.length])
  const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`)
  const unseen = next.length === 0 ? [] : [`not __fish_seen_subcommand_from ${[...new Set(next)].join(' ')}`]
  return [...seen, ...unseen].join('; and ') || 'true'
}

const SCRIPTS: Readonly<Record<Shell, Script>> = { bash, zsh, fish }

function commandPaths(places: readonly Place[]): string[] {
  return places.map(({ path }) => pathText(path)).filter((text) => text !== '')
}

/** `/jobs/add`; nothing for the program itself. */
function pathText(path: readonly string[]): string {
  return path.map((word) => `/${word}`).join('')
}

function functionName(program: string): string {
  return program.replaceAll('-', '_')
}

/** For a shell, in single quotes. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
