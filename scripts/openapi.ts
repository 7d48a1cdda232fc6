import { readFileSync } from 'node:fs'
import { pino } from 'pino'
import { readConfig } from '../src/app/config.ts'
import { openApiDocument } from '../src/app/openapi-document.ts'
import type { OpenApi } from '../dashboard/docs/document.ts'

/** The document of a service with default settings; none is started. */
export async function readOpenApi(): Promise<OpenApi> {
  const { name, version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    name: string
    version: string
  }
  const config = readConfig({}, '/dev/null')
  const log = pino({ level: 'silent' })
  return (await openApiDocument({ config, log, version: { name, version, node: process.version } })) as OpenApi
}
