import { configurationPage, envExample } from '../src/cli/configuration-page.ts'
import { describeVariables } from '../src/config.ts'

/** Every file of the documentation that is made from code, by its path. */
export function generatedDocs(): Map<string, string> {
  const variables = describeVariables()
  return new Map([
    ['.env.example', envExample(variables)],
    ['docs/reference/configuration.md', configurationPage(variables)],
  ])
}
