import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { kafkaJava } from './kafka-libraries.ts'

const run = promisify(execFile)
const LIMITS = { timeout: 60_000, maxBuffer: 64 * 1024 * 1024 }

/** Runs one of Kafka's own command line programs. @returns its output */
export async function runKafkaTool(name: string, args: readonly string[], input = ''): Promise<string> {
  const running = run('java', [...(await kafkaJava()), '-Xmx128m', `org.apache.kafka.tools.${name}`, ...args], LIMITS)
  running.child.stdin?.end(input)
  return (await running).stdout
}

export async function runKcat(args: readonly string[]): Promise<string> {
  return (await run('kcat', args, LIMITS)).stdout
}
