/**
 * Runs one at a time, shared by all who call while another is running: each caller gets a run that started after its call,
 * so that it sees everything that happened before.
 */
export function createSharedRun(run: () => Promise<void>): () => Promise<void> {
  let running = Promise.resolve()
  let next: Promise<void> | undefined
  return () => {
    next ??= running
      .catch(() => {})
      .then(() => {
        next = undefined
        running = run()
        return running
      })
    return next
  }
}
