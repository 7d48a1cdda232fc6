import type { Command } from 'commander'

const HEAD = `# Commands

Generated from the program by \`npm run docs\`; a test fails if it is out of date. Each text is what \`--help\` prints.

Commands work while a service is running: they connect to its embedded database. If none is running, they start the
embedded database themselves for as long as they need it. With \`DATABASE_URL\` they use that server.
`

/** The reference page in Markdown: the help of every command. */
export function commandsPage(program: Command): string {
  return HEAD + sectionsOf(program, []).join('')
}

function sectionsOf(command: Command, parents: readonly string[]): string[] {
  const path = [...parents, command.name()]
  const subcommands = command.commands.flatMap((each) => sectionsOf(each, path))
  return [`\n## \`${path.join(' ')}\`\n\n\`\`\`text\n${helpOf(command).trim()}\n\`\`\`\n`, ...subcommands]
}

/** Includes the examples, which `helpInformation` omits. */
function helpOf(command: Command): string {
  let text = ''
  command.configureOutput({ ...command.configureOutput(), writeOut: (part) => (text += part) }).outputHelp()
  return text
}
