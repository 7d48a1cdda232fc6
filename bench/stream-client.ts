import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'

export type StreamClient = Disposable & {
  /** Stops reading from the connection. */
  pause(): void
}

const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY })

/** Opens a stream; reports the id of each price and its arrival by the clock of this machine. */
export async function openStreamClient(
  url: string,
  onPrice: (id: string, atMs: number) => void,
): Promise<StreamClient> {
  const request = get(url, { agent })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  if (response.statusCode !== 200) throw new Error(`${url}: ${response.statusCode}`)
  response.on('error', () => {})
  request.on('error', () => {})
  let rest = ''
  response.setEncoding('latin1').on('data', (chunk: string) => {
    const atMs = performance.timeOrigin + performance.now()
    const end = chunk.lastIndexOf('\n')
    const lines = rest + chunk.slice(0, end + 1)
    rest = end < 0 ? rest + chunk : chunk.slice(end + 1)
    for (const [, id] of end < 0 ? [] : lines.matchAll(PRICE_ID)) onPrice(id as string, atMs)
  })
  return { pause: () => void response.pause(), [Symbol.dispose]: () => void request.destroy() }
}

const PRICE_ID = /"price_id":"(\d+)"/g
