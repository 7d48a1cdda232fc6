import manifest from '../package.json' with { type: 'json' }
import { commandsPage } from '../src/cli/commands-page.ts'
import { configurationPage, envExample } from '../src/cli/configuration-page.ts'
import { createProgram } from '../src/cli/program.ts'
import { describeVariables, readConfig } from '../src/config.ts'
import { asyncApiYaml } from '../src/kafka/asyncapi.ts'

/** Every file of the documentation that is made from code, by its path. */
export function generatedDocs(): Map<string, string> {
  const variables = describeVariables()
  const { version } = manifest
  const { KAFKA_TOPIC } = readConfig({}, '')
  return new Map([
    ['.env.example', envExample(variables)],
    ['docs/reference/asyncapi.yaml', asyncApiYaml({ version, topic: KAFKA_TOPIC })],
    ['docs/reference/commands.md', commandsPage(createProgram(runNothing, ''))],
    ['docs/reference/configuration.md', configurationPage(variables)],
  ])
}

function runNothing(): Promise<never> {
  return Promise.reject(new Error('The commands are only described here.'))
}
