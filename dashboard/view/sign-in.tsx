import { useSignal } from '@preact/signals'
import { RequestError } from '../service/ask.ts'
import { entryError, signIn } from '../service/session.ts'

/** What is shown instead of everything else where the service asks for a key. */
export function SignIn() {
  const key = useSignal('')
  const failure = useSignal(entryError.value)

  const enter = async (event: Event) => {
    event.preventDefault()
    failure.value = ''
    try {
      // Nothing else can be part of a key; a header could not even carry it.
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
          Key
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
        <code>market-data keys create --scope read</code> makes one.
      </p>
    </main>
  )
}
