import { commandsPage } from '../src/cli/commands-page.ts'
import { configurationPage, envExample } from '../src/cli/configuration-page.ts'
import { createProgram } from '../src/cli/program.ts'
import { describeVariables } from '../src/config.ts'

/** Every file of the documentation that is made from code, by its path. */
export function generatedDocs(): Map<string, string> {
  const variables = describeVariables()
  return new Map([
    ['.env.example', envExample(variables)],
    ['docs/reference/commands.md', commandsPage(createProgram(runNothing, ''))],
    ['docs/reference/configuration.md', configurationPage(variables)],
  ])
}

function runNothing(): Promise<never> {
  return Promise.reject(new Error('The commands are only described here.'))
}
