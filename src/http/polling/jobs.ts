import { Type, type Static } from 'typebox'
import { unknownSymbols, type AcceptJobs } from '../../core/polling/accept-jobs.ts'
import type { Job, Jobs } from '../../core/polling/job.ts'
import {
  AcceptedJobs,
  acceptedJobsBody,
  JobBody,
  jobBody,
  RunBody,
  runBody,
  unknownSymbolsBody,
} from '../../formats/job.ts'
import { listOf, pageBody } from '../../formats/json/page.ts'
import { canonicalSymbol } from '../../lib/symbol.ts'
import type { App, Feature } from '../server/app.ts'
import { sendProblem } from '../server/error-handler.ts'
import { PageQuery } from '../server/pagination.ts'
import { problems } from '../server/problem.ts'
import { providerOf, type ProviderDeps } from '../server/providers.ts'
import { DEFAULT_LIMIT, NoQuery, notFound } from '../server/query.ts'
import { ChangeJobRequest, CREATE_PROBLEMS, CreateJobsRequest, JobListQuery, JobPath } from './job-requests.ts'

export type PollingDeps = ProviderDeps & {
  readonly jobs: Jobs
  readonly acceptJobs: AcceptJobs
  /** Called after each request that may have made a job due. */
  readonly jobsChanged: () => void
}

/** Polling jobs. An id that does not exist, in whatever form, is 404. */
export const pollingApi: Feature<PollingDeps> = {
  routes: [createRoute, listRoute, showRoute, runsRoute, changeRoute, deleteRoute, runNowRoute],
}

const tags = ['Polling']
const ofJob = { tags, params: JobPath, querystring: NoQuery }

function createRoute(app: App, { acceptJobs, jobsChanged, ...providers }: PollingDeps): void {
  const schema = {
    operationId: 'createPollingJob',
    tags,
    summary: 'Poll one or more symbols at an interval',
    description: `Give \`symbol\` or \`symbols\`, and \`interval_minutes\` or \`interval_seconds\`. Each symbol and provider has
one job: requesting it again replaces its interval, and \`replaced\` names it. It runs at once and then at every interval.
The provider is asked once for a new symbol. One that it does not know is refused with \`suggestions\`; of several symbols, the
known ones are accepted and the others are in \`errors\`. If the provider does not answer within 3 s, the job is accepted
with a \`warning\`.`,
    querystring: NoQuery,
    body: CreateJobsRequest,
    response: { 202: AcceptedJobs, ...CREATE_PROBLEMS },
  }
  app.post('/prices/poll', { schema }, async ({ body }, reply) => {
    const request = { symbols: symbolsIn(body), intervalSeconds: intervalIn(body), marketHours: body.market_hours }
    const provider = providerOf(providers, body.provider)
    const accepted = await acceptJobs(provider, request).finally(jobsChanged)
    const { jobs, refused } = accepted
    if (jobs.length > 0) return reply.code(202).send(acceptedJobsBody(accepted, request.intervalSeconds))
    const more = unknownSymbolsBody(refused, body.symbols !== undefined)
    return sendProblem(reply, unknownSymbols(provider.name, refused), more)
  })
}

function symbolsIn(body: Static<typeof CreateJobsRequest>): string[] {
  const { symbol, symbols } = body
  return [...new Set((symbols ?? [symbol ?? '']).map(canonicalSymbol))]
}

function intervalIn(body: Static<typeof CreateJobsRequest>): number {
  const { interval_minutes, interval_seconds } = body
  return interval_seconds ?? Math.round((interval_minutes ?? 0) * 60)
}

function listRoute(app: App, { jobs, providers }: PollingDeps): void {
  const schema = {
    operationId: 'listPollingJobs',
    tags,
    summary: 'List jobs, oldest first',
    description: 'All jobs, or those that match each given filter.',
    querystring: JobListQuery,
    response: { 200: listOf(JobBody, 'Jobs'), ...problems('unknown_provider') },
  }
  app.get('/prices/poll', { schema }, async ({ query, url }) => {
    const { limit = DEFAULT_LIMIT, cursor, q, status } = query
    const provider = query.provider && providers.get(query.provider).name
    return pageBody(await jobs.list({ limit, cursor }, { query: q, provider, status }), url, jobBody)
  })
}

function showRoute(app: App, { jobs }: PollingDeps): void {
  const schema = {
    ...ofJob,
    operationId: 'getPollingJob',
    summary: 'Show a job and its last run',
    response: { 200: JobBody, ...problems('not_found') },
  }
  app.get('/prices/poll/:job_id', { schema }, async ({ params }) => found(await jobs.find(params.job_id)))
}

function runsRoute(app: App, { jobs }: PollingDeps): void {
  const schema = {
    operationId: 'listRuns',
    tags,
    summary: 'List the runs of a job, newest first',
    params: JobPath,
    querystring: PageQuery,
    response: { 200: listOf(RunBody, 'Runs'), ...problems('not_found') },
  }
  app.get('/prices/poll/:job_id/runs', { schema }, async ({ params, query, url }) => {
    const { limit = DEFAULT_LIMIT, cursor } = query
    const page = await jobs.runs(params.job_id, { limit, cursor })
    if (page === undefined) throw notFound('job')
    return pageBody(page, url, runBody)
  })
}

function changeRoute(app: App, { jobs, jobsChanged }: PollingDeps): void {
  const schema = {
    ...ofJob,
    operationId: 'changePollingJob',
    summary: 'Pause or resume a job, or change its interval or its market hours',
    body: ChangeJobRequest,
    response: { 200: JobBody, ...problems('not_found', 'payload_too_large', 'unsupported_media_type') },
  }
  app.patch('/prices/poll/:job_id', { schema }, async ({ params, body }) => {
    const { status, interval_seconds: intervalSeconds, market_hours: marketHours } = body
    const paused = status === undefined ? undefined : status === 'paused'
    return found(await jobs.change(params.job_id, { paused, intervalSeconds, marketHours }).finally(jobsChanged))
  })
}

function deleteRoute(app: App, { jobs }: PollingDeps): void {
  const schema = {
    ...ofJob,
    operationId: 'deletePollingJob',
    summary: 'Delete a job; its prices are kept',
    response: { 204: Type.Null({ description: 'Deleted, with its runs.' }), ...problems('not_found') },
  }
  app.delete('/prices/poll/:job_id', { schema }, async ({ params }, reply) => {
    if (!(await jobs.remove(params.job_id))) throw notFound('job')
    return reply.code(204).send(null)
  })
}

function runNowRoute(app: App, { jobs, jobsChanged }: PollingDeps): void {
  const schema = {
    ...ofJob,
    operationId: 'runPollingJob',
    summary: 'Run a job now, even if it is paused',
    response: { 202: JobBody, ...problems('not_found') },
  }
  app.post('/prices/poll/:job_id/run', { schema }, async ({ params }, reply) => {
    const job = await jobs.runNow(params.job_id).finally(jobsChanged)
    return reply.code(202).send(found(job))
  })
}

function found(job: Job | undefined) {
  if (job === undefined) throw notFound('job')
  return jobBody(job)
}
