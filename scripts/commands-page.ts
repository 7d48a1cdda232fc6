import type { Command } from 'commander'

const HEAD = `# Commands

Made from the program itself by \`npm run docs\`; a test fails when it is out of date. Each text is what \`--help\` prints.

Commands work beside a running service, through the embedded database's own socket, and without one: then they open the
embedded database themselves for as long as they run. With \`DATABASE_URL\` they work on that server.
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

/** With its examples, which `helpInformation` leaves out. */
function helpOf(command: Command): string {
  let text = ''
  command.configureOutput({ ...command.configureOutput(), writeOut: (part) => (text += part) }).outputHelp()
  return text
}
