import { Type } from 'typebox'
import type { Job, Jobs } from '../../core/polling/job.ts'
import type { App } from '../server/app.ts'
import { JobBody, jobBody, RunBody, runBody } from '../../formats/job.ts'
import { listOf, pageBody, Paging } from '../server/pagination.ts'
import { IntervalSeconds } from './poll.ts'
import { problems } from '../server/problem.ts'
import { CLOSED, DEFAULT_LIMIT, NoQuery, notFound } from '../server/query.ts'

export type JobNeeds = { readonly jobs: Jobs }

const JobPath = Type.Object({ job_id: Type.String({ examples: ['0197f0c2-6a5c-4c11-9d4e-0a3f5b0c6a11'] }) })
const PageQuery = Type.Object(Paging, CLOSED)
const Change = Type.Object(
  {
    status: Type.Optional(Type.Enum(['active', 'paused'], { description: 'A resumed job is due at once.' })),
    interval_seconds: Type.Optional(IntervalSeconds),
  },
  { ...CLOSED, minProperties: 1, examples: [{ status: 'paused' }] },
)

const tags = ['Polling']

/** What can be done with a job that is there. An id that we do not have, in whatever form, is 404. */
export function jobRoutes(app: App, { jobs }: JobNeeds): void {
  listing(app, jobs)
  app.get(
    '/prices/poll/:job_id',
    {
      schema: {
        operationId: 'getPollingJob',
        tags,
        summary: 'One job and its last run',
        params: JobPath,
        querystring: NoQuery,
        response: { 200: JobBody, ...problems('not_found') },
      },
    },
    async ({ params }) => found(await jobs.find(params.job_id)),
  )
  changing(app, jobs)
}

function listing(app: App, jobs: Jobs): void {
  app.get(
    '/prices/poll',
    {
      schema: {
        operationId: 'listPollingJobs',
        tags,
        summary: 'All jobs, oldest first',
        querystring: PageQuery,
        response: { 200: listOf(JobBody, 'Jobs'), ...problems() },
      },
    },
    async (request) => {
      const { limit = DEFAULT_LIMIT, cursor } = request.query
      const page = await jobs.list({ limit, cursor })
      return pageBody(request, page.data.map(jobBody), page.nextCursor)
    },
  )
  app.get(
    '/prices/poll/:job_id/runs',
    {
      schema: {
        operationId: 'listRuns',
        tags,
        summary: 'What a job did, newest first',
        params: JobPath,
        querystring: PageQuery,
        response: { 200: listOf(RunBody, 'Runs'), ...problems('not_found') },
      },
    },
    async (request) => {
      const { limit = DEFAULT_LIMIT, cursor } = request.query
      const page = await jobs.runs(request.params.job_id, { limit, cursor })
      if (page === undefined) throw notFound('job')
      return pageBody(request, page.data.map(runBody), page.nextCursor)
    },
  )
}

function changing(app: App, jobs: Jobs): void {
  const schema = { tags, params: JobPath, querystring: NoQuery }
  app.patch(
    '/prices/poll/:job_id',
    {
      schema: {
        ...schema,
        operationId: 'changePollingJob',
        summary: 'Pause or resume a job, or give it another interval',
        body: Change,
        response: { 200: JobBody, ...problems('not_found', 'payload_too_large', 'unsupported_media_type') },
      },
    },
    async ({ params, body }) => {
      const { status, interval_seconds: intervalSeconds } = body
      const paused = status === undefined ? undefined : status === 'paused'
      return found(await jobs.change(params.job_id, { paused, intervalSeconds }))
    },
  )
  app.delete(
    '/prices/poll/:job_id',
    {
      schema: {
        ...schema,
        operationId: 'deletePollingJob',
        summary: 'End a job; its prices stay',
        response: { 204: Type.Null({ description: 'It is gone, with its runs.' }), ...problems('not_found') },
      },
    },
    async ({ params }, reply) => {
      if (!(await jobs.remove(params.job_id))) throw notFound('job')
      return reply.code(204).send(null)
    },
  )
  app.post(
    '/prices/poll/:job_id/run',
    {
      schema: {
        ...schema,
        operationId: 'runPollingJob',
        summary: 'Run a job now, also a paused one',
        response: { 202: JobBody, ...problems('not_found') },
      },
    },
    async ({ params }, reply) => reply.code(202).send(found(await jobs.runNow(params.job_id))),
  )
}

function found(job: Job | undefined) {
  if (job === undefined) throw notFound('job')
  return jobBody(job)
}
