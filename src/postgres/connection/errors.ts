/** Whether PostgreSQL refused the data itself (SQLSTATE class 22, "data exception"): retrying gives the same error. */
export function isDataException(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && /^22\w{3}$/.test(String(error.code))
}
