import assert from 'node:assert/strict'

/** For `assert.rejects`: the storage is unavailable, and this is what the driver said. */
export function unavailable(reason: RegExp): (error: Error & { readonly code?: string }) => true {
  return ({ code, cause }) => {
    assert.equal(code, 'storage_unavailable')
    assert.match(String(cause), reason)
    return true
  }
}
