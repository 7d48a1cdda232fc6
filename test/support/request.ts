type RequestOptions = { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: unknown }

export type Answer = {
  readonly status: number
  readonly text: string
  /** Numbers are kept as the text that was sent, because a float would hide lost digits. */
  readonly json: Json
}
// Each test knows the shape of the responses that it reads.
// oxlint-disable-next-line typescript/no-explicit-any
export type Json = any

/** Sends an HTTP request to a running service. */
export async function ask(url: string, { method = 'GET', headers = {}, body }: RequestOptions = {}): Promise<Answer> {
  const json = body === undefined ? {} : { 'content-type': 'application/json' }
  const response = await fetch(url, {
    method,
    headers: { ...json, ...headers },
    body: body === undefined ? null : JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') ?? false
  return { status: response.status, text, json: isJson ? JSON.parse(text, numbersAsSent as Reviver) : undefined }
}

type Reviver = (key: string, value: unknown) => unknown

/** TypeScript's library does not declare the third argument yet. */
function numbersAsSent(_key: string, value: unknown, { source }: { readonly source: string }): unknown {
  return typeof value === 'number' ? source : value
}
