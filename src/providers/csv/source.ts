import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { ServiceError } from '../../errors.ts'

/** A file that can be read any number of times. */
export type CsvSource = AsyncDisposable & {
  /** For people, without its folder; `stdin` or `pipe` if it has none. */
  readonly name: string
  /**
   * Its text in UTF-8, in parts of at least 64 KiB but for the last; unpacked if it is gzip.
   * @throws ServiceError `invalid_request` if it cannot be read
   */
  read(): AsyncGenerator<Buffer, void>
}

const PART = 65_536
const STDIN = '-'

/**
 * Opens a file, or stdin for `-`. What can be read only once, such as a pipe, is kept in a temporary file until it is disposed.
 * @throws ServiceError `invalid_request` if there is no such file
 */
export async function openCsvSource(file: string, signal?: AbortSignal): Promise<CsvSource> {
  const isRegular = file !== STDIN && (await isRegularFile(file))
  if (isRegular) return sourceOf(basename(file), file, async () => {})
  const folder = await mkdtemp(join(tmpdir(), 'market-data-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  const kept = join(folder, 'input')
  const name = file === STDIN || file === '/dev/stdin' ? 'stdin' : 'pipe'
  try {
    const input = file === STDIN ? process.stdin : createReadStream(file)
    await pipeline(input, createWriteStream(kept, { mode: 0o600 }), signal === undefined ? {} : { signal })
  } catch (error) {
    await remove()
    throw error
  }
  return sourceOf(name, kept, remove)
}

async function isRegularFile(file: string): Promise<boolean> {
  const found = await stat(file).catch((error: unknown) => {
    throw unreadable(file, error)
  })
  if (found.isDirectory()) throw new ServiceError('invalid_request', `${file} is a folder, not a file.`)
  return found.isFile()
}

function sourceOf(name: string, path: string, dispose: () => Promise<void>): CsvSource {
  return {
    name,
    read: async function* read() {
      try {
        yield* inParts(decoded(unpacked(createReadStream(path))))
      } catch (error) {
        throw unreadable(name, error)
      }
    },
    [Symbol.asyncDispose]: dispose,
  }
}

const REASONS: Readonly<Record<string, (file: string) => string>> = {
  ENOENT: (file) => `there is no file ${file}`,
  ENOTDIR: (file) => `there is no file ${file}`,
  EACCES: (file) => `${file} may not be read by this user`,
  EPERM: (file) => `${file} may not be read by this user`,
  Z_BUF_ERROR: (file) => `${file} ends in the middle of its compressed data`,
  Z_DATA_ERROR: (file) => `${file} is damaged: its compressed data cannot be unpacked`,
}

function unreadable(file: string, cause: unknown): ServiceError {
  const { code = '', message } = cause as NodeJS.ErrnoException
  const why = REASONS[code]?.(file) ?? `${file} cannot be read: ${message}`
  return new ServiceError('invalid_request', `${why}.`, { cause })
}

/** Gzip is known by its first bytes, not by the name. */
async function* unpacked(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  const parts = input[Symbol.asyncIterator]()
  const first = await parts.next()
  const all = (async function* again() {
    if (first.done !== true) yield first.value
    yield* { [Symbol.asyncIterator]: () => parts }
  })()
  const isGzip = first.done !== true && first.value[0] === 0x1f && first.value[1] === 0x8b
  if (!isGzip) return yield* all
  const gunzip = createGunzip()
  const piping = pipeline(all, gunzip)
  // It fails as the stream does, which is read below.
  piping.catch(() => {})
  yield* gunzip as AsyncIterable<Buffer>
}

/** UTF-16 is known by its byte order mark; everything else stays as it is. */
async function* decoded(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  let decoder: ReturnType<typeof decoderFor> | undefined
  for await (const part of input) {
    if (decoder === undefined) decoder = decoderFor(part)
    yield decoder === null ? part : Buffer.from(decoder.decode(part, { stream: true }))
  }
}

function decoderFor(first: Buffer) {
  const [one, two] = first
  if (one === 0xff && two === 0xfe) return new TextDecoder('utf-16le')
  return one === 0xfe && two === 0xff ? new TextDecoder('utf-16be') : null
}

async function* inParts(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  let [waiting, length]: [Buffer[], number] = [[], 0]
  for await (const part of input) {
    waiting.push(part)
    length += part.length
    if (length < PART) continue
    yield waiting.length === 1 ? part : Buffer.concat(waiting)
    ;[waiting, length] = [[], 0]
  }
  if (length > 0) yield Buffer.concat(waiting)
}
