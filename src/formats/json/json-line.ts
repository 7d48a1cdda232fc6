/** A body as one line of JSON, as commands print it. */
export function jsonLine(body: object): string {
  return `${JSON.stringify(body)}\n`
}
