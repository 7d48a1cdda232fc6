import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

// Bare node:http: sends the same response to every request. `node bare.ts '{"headers":{…},"body":"…"}'`

const { headers, body } = JSON.parse(process.argv[2] ?? '') as { headers: Record<string, string>; body: string }

const server = createServer((_, response) => {
  response.writeHead(200, headers)
  response.end(body)
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
