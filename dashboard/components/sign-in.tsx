import { useSignal } from '@preact/signals'
import { RequestError } from '../api/client.ts'
import { sessionError, signIn } from '../state/session.ts'

/** Replaces the page while the service requires a key. */
export function SignIn() {
  const key = useSignal('')
  const failure = useSignal(sessionError.value)

  const enter = async (event: Event) => {
    event.preventDefault()
    failure.value = ''
    try {
      // Other characters cannot be part of a key, nor be sent in a header.
      await signIn(key.value.replaceAll(/[^\w]/g, ''))
    } catch (error) {
      failure.value = error instanceof RequestError ? error.message : String(error)
    }
  }

  return (
    <main class="sign-in">
      <h1>Market data</h1>
      <form aria-label="Sign in" onSubmit={(event) => void enter(event)}>
        <label>
          API key
          <input
            type="password"
            autocomplete="current-password"
            required
            placeholder="mds_live_…"
            aria-describedby="sign-in-failure"
            value={key}
            onInput={({ currentTarget }) => (key.value = currentTarget.value)}
          />
        </label>
        <button type="submit" class="button">
          Sign in
        </button>
      </form>
      <p id="sign-in-failure" class="failure" role="alert">
        {failure}
      </p>
      <p class="none">
        To create one, run <code>market-data keys create --scope read</code>.
      </p>
    </main>
  )
}
