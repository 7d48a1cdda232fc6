type Started = {
  readonly url: string
  /** Where the data is stored. */
  readonly data: string
  readonly roles: readonly string[] | undefined
  readonly demoSymbols: readonly string[]
}

/** What `serve --json` prints once the service is ready. */
export function startedBody({ url, data, roles, demoSymbols }: Started): object {
  return { url, data, roles, demo_symbols: demoSymbols }
}
