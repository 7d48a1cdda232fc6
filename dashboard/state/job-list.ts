import { request, RequestError } from '../api/client.ts'
import type { Job } from '../api/schemas.ts'
import type { JobFilter } from './jobs.ts'

const PAGE_SIZE = 500
/** Beyond this many, a list to scroll through helps nobody; the filter asks the service. */
const MAX_PAGES = 20

type JobPage = { readonly ids: readonly string[]; readonly next: string | undefined }

/**
 * The jobs of the service, read page by page: all pages the first time, then one page each time in turn, so that
 * thousands of jobs cost no more than hundreds. While a filter is set, the service is asked for what it matches.
 */
export function createJobList() {
  const byId = new Map<string, Job>()
  let pages: JobPage[] = []
  let turn = 0

  const readPage = async (at: number) => {
    const cursor = at === 0 ? undefined : pages[at - 1]?.next
    const { data, next_cursor } = await request('GET /prices/poll', { query: { limit: PAGE_SIZE, cursor } })
    const before = pages[at]?.ids ?? []
    pages[at] = { ids: data.map(({ job_id }) => job_id), next: next_cursor ?? undefined }
    if (next_cursor === null) for (const { ids } of pages.splice(at + 1)) forget(ids)
    forget(before)
    put(data)
  }
  /** What is no longer on any page was deleted. */
  const forget = (ids: readonly string[]) => {
    const listed = new Set(pages.flatMap((page) => page.ids))
    for (const id of ids) if (!listed.has(id)) byId.delete(id)
  }
  const put = (jobs: readonly Job[]) => {
    for (const job of jobs) byId.set(job.job_id, job)
  }
  const hasMore = () => pages.at(-1)?.next !== undefined
  const canGrow = () => hasMore() && pages.length < MAX_PAGES

  const readAll = async () => {
    await readPage(0)
    while (canGrow()) await readPage(pages.length)
  }
  /** The page whose turn it is; after the last one, also those that are new. */
  const readNext = async () => {
    const at = Math.min(turn, pages.length - 1)
    await readPage(at)
    if (at === pages.length - 1 && canGrow()) await readPage(pages.length)
    turn = at + 1 < pages.length ? at + 1 : 0
  }

  return {
    /** @throws RequestError */
    refresh: async (filter: JobFilter): Promise<void> => {
      if (pages.length === 0) await readAll()
      else await readNext()
      const isFiltered = filter.q !== '' || filter.status !== ''
      if (pages.length > 1 && isFiltered) put(await readFiltered(filter))
    },
    put,
    remove: (id: string) => void byId.delete(id),
    hasMore,
    /** By symbol, then by provider. */
    jobs: (): readonly Job[] => [...byId.values()].toSorted(bySymbol),
  }
}

/** What the service matches; nothing for text that can be part of no symbol. */
async function readFiltered({ q, status }: JobFilter): Promise<readonly Job[]> {
  const query = { limit: PAGE_SIZE, q: q.trim() || undefined, status: status || undefined }
  try {
    return (await request('GET /prices/poll', { query })).data
  } catch (error) {
    if (error instanceof RequestError && error.code === 'invalid_request') return []
    throw error
  }
}

function bySymbol(a: Job, b: Job): number {
  return compare(a.symbol, b.symbol) || compare(a.provider, b.provider)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
