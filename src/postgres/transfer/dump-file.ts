import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { incompleteDump } from './dump.ts'

/** Three times faster than the default of 6, for a dump that is a tenth larger. */
const GZIP_LEVEL = 1

type Produce<T> = (write: (lines: readonly string[]) => Promise<void>) => Promise<T>

/**
 * Compresses lines into a stream, and adds a last line with their checksum: `{"sha256":…}` of all lines before it. Resolves
 * when everything is written.
 */
export async function writeDumpFile<T>(sink: Writable, produce: Produce<T>): Promise<T> {
  const gzip = createGzip({ level: GZIP_LEVEL })
  const stored = pipeline(gzip, sink)
  const hash = createHash('sha256')
  const write = async (lines: readonly string[]) => {
    const text = `${lines.join('\n')}\n`
    hash.update(text)
    if (!gzip.write(text)) await Promise.race([once(gzip, 'drain'), stored])
  }
  const produced = produce(write).then(
    (result) => {
      gzip.end(`${JSON.stringify({ sha256: hash.digest('hex') })}\n`)
      return result
    },
    (error: Error) => {
      gzip.destroy(error)
      throw error
    },
  )
  const [result] = await Promise.all([produced, stored])
  return result
}

/**
 * The lines of a dump file without the last, which is checked; a bounded part in memory at a time.
 * @throws ServiceError `invalid_request` if the file is not a complete dump
 */
export async function* readDumpFile(source: Readable): AsyncGenerator<string> {
  const hash = createHash('sha256')
  let before: string | undefined
  for await (const line of linesOf(source)) {
    if (before !== undefined) {
      hash.update(`${before}\n`)
      yield before
    }
    before = line
  }
  if (before !== JSON.stringify({ sha256: hash.digest('hex') })) throw incompleteDump('it was truncated or changed')
}

async function* linesOf(source: Readable): AsyncGenerator<string> {
  const text = createGunzip()
  // An error of the pipeline is thrown by `text` as well.
  pipeline(source, text).catch(() => {})
  let rest = ''
  try {
    for await (const part of text.setEncoding('utf8') as AsyncIterable<string>) {
      const lines = (rest + part).split('\n')
      rest = lines.pop() ?? ''
      yield* lines
    }
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    throw code.startsWith('Z_') ? incompleteDump((error as Error).message) : error
  }
  if (rest !== '') yield rest
}
