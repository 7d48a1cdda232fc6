import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const VERSION = '4.4.0'

const artifact = (group: string, name: string, version: string) =>
  `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>kafka-for-tests</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    ${artifact('org.apache.kafka', 'kafka_2.13', VERSION)}
    ${artifact('org.apache.kafka', 'kafka-tools', VERSION)}
    ${artifact('org.apache.logging.log4j', 'log4j-slf4j-impl', '2.25.5')}
  </dependencies>
</project>`

/** Without it Kafka logs to stdout, together with the output of its tools. */
const LOG4J = `status=error
appender.c.type=Console
appender.c.name=C
appender.c.target=SYSTEM_ERR
appender.c.layout.type=PatternLayout
appender.c.layout.pattern=[%d] %p %m (%c)%n
rootLogger.level=WARN
rootLogger.appenderRef.c.ref=C
`

/** Java's arguments for a class of Kafka. The libraries are downloaded from Maven Central once, into the user's cache. */
export async function kafkaJava(): Promise<string[]> {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  const folder = join(cache, 'market-data', `kafka-${VERSION}`)
  if (!existsSync(folder)) await download(folder)
  return [`-Dlog4j2.configurationFile=${join(folder, 'log4j2.properties')}`, '-cp', join(folder, 'lib', '*')]
}

/** Complete or not at all, even if two test runs download at once. */
async function download(folder: string): Promise<void> {
  mkdirSync(join(folder, '..'), { recursive: true })
  const partial = mkdtempSync(`${folder}-`)
  writeFileSync(join(partial, 'pom.xml'), POM)
  writeFileSync(join(partial, 'log4j2.properties'), LOG4J)
  const copy = ['dependency:copy-dependencies', '-DincludeScope=runtime', '-DoutputDirectory=lib']
  await promisify(execFile)('mvn', ['-B', '-q', ...copy], { cwd: partial, timeout: 300_000 })
  try {
    renameSync(partial, folder)
  } catch (error) {
    rmSync(partial, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  }
}
