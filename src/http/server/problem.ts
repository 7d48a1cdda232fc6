import { ServiceError, type ErrorCode } from '../../errors.ts'
import { Problem, PROBLEM_TYPE, problemOf, statusOf, titleOf } from '../../formats/json/problem.ts'

/** The error responses of a route by status, for its schema. Errors that every route can answer with are added. */
export function problems(...codes: readonly ErrorCode[]) {
  const byStatus = Map.groupBy(new Set([...EVERYWHERE, ...codes]), statusOf)
  return Object.fromEntries(
    [...byStatus].map(([status, ofStatus]) => [
      status,
      {
        description: ofStatus.map((code) => `${titleOf(code)} (\`${code}\`)`).join(', '),
        content: { [PROBLEM_TYPE]: { schema: Problem, examples: examplesOf(ofStatus) } },
      },
    ]),
  )
}

const EVERYWHERE: readonly ErrorCode[] = [
  'malformed_request',
  'unauthenticated',
  'forbidden',
  'invalid_request',
  'rate_limited',
  'internal',
  'storage_unavailable',
  'overloaded',
]

function examplesOf(codes: readonly ErrorCode[]) {
  return Object.fromEntries(
    codes.map((code) => [code, { value: problemOf(new ServiceError(code, `${titleOf(code)}.`), '7d0f2c1e') }]),
  )
}
