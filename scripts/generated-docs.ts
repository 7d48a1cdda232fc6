import manifest from '../package.json' with { type: 'json' }
import { commandsPage } from './commands-page.ts'
import { configurationPage, envExample } from './configuration-page.ts'
import { createProgram } from '../src/cli/program.ts'
import { PROVIDER_NAMES, readConfig } from '../src/app/config.ts'
import { asyncApiYaml } from '../src/kafka/asyncapi.ts'
import { apiTypes } from './api-schemas.ts'
import { architecturePicture } from './architecture.ts'
import { errorsPage } from './errors-page.ts'
import { httpPage } from './http-page.ts'
import { metricsPage } from './metrics-page.ts'
import { readOpenApi } from './openapi.ts'
import { postmanCollection } from './postman-collection.ts'

/** Every generated document, by its path. */
export async function generatedDocs(): Promise<Map<string, string>> {
  const { version } = manifest
  const { KAFKA_TOPIC } = readConfig({}, '')
  const openApi = await readOpenApi()
  return new Map([
    ['.env.example', envExample()],
    ['docs/reference/asyncapi.yaml', asyncApiYaml({ version, topic: KAFKA_TOPIC })],
    ['docs/reference/commands.md', commandsPage(createProgram(runNothing, { version: '', providers: PROVIDER_NAMES }))],
    ['docs/reference/configuration.md', configurationPage()],
    ['docs/reference/http.md', httpPage(openApi)],
    ['docs/reference/errors.md', errorsPage()],
    ['docs/reference/metrics.md', await metricsPage()],
    ...apiTypes(openApi),
    ['docs/architecture.svg', architecturePicture()],
    ['Blockhouse-Market-Data.postman_collection.json', postmanCollection(openApi)],
  ])
}

function runNothing(): Promise<never> {
  return Promise.reject(new Error('The documentation runs no command.'))
}
