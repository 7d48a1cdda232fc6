/** One variable of the environment, as the schema of the settings describes it. */
export type Variable = {
  readonly name: string
  readonly description: string
  readonly default: string | undefined
  readonly allowed: string | undefined
}

const HEAD = `# Configuration

Made from \`src/app/config.ts\` by \`npm run docs\`; a test fails when it is out of date.

Settings come from the environment, and from a file \`.env\` in the working directory where the environment says nothing.
Every mistake is named at start, all of them at once, and the process ends with exit code 78. An empty value counts as absent.

| variable | default | allowed | meaning |
|---|---|---|---|
`

/** The reference page in Markdown. */
export function configurationPage(variables: readonly Variable[]): string {
  const row = ({ name, description, ...variable }: Variable) =>
    `| \`${name}\` | ${code(variable.default)} | ${variable.allowed ?? ''} | ${description} |\n`
  return HEAD + variables.map(row).join('')
}

function code(text: string | undefined): string {
  return text === undefined || text === '' ? '' : `\`${text}\``
}

/** `.env.example`: every variable, commented out, with its default. */
export function envExample(variables: readonly Variable[]): string {
  const head = '# Copy to .env and uncomment what you change. Made by `npm run docs`.\n'
  const lines = variables.map(({ name, description, allowed, ...variable }) => {
    const about = description.replaceAll('`', '') + (allowed === undefined ? '' : ` Allowed: ${allowed}.`)
    return `\n# ${about}\n#${name}=${variable.default ?? ''}\n`
  })
  return head + lines.join('')
}
