import { fastify } from 'fastify'

// Fastify with a single route, which sends the same response to every query: `node fastify.ts '{"path":"…","headers":{…},"body":"…"}'`

const { path, headers, body } = JSON.parse(process.argv[2] ?? '') as {
  path: string
  headers: Record<string, string>
  body: string
}

const app = fastify()
app.get(path, (_, reply) => reply.headers(headers).send(body))
console.log(await app.listen({ host: '127.0.0.1', port: 0 }))
