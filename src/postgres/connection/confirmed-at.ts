import { CLOCK_TOLERANCE_MS } from '../../lib/clock.ts'

/** The latest time that is not ahead of now: a stored time beyond it was written by a wrong clock. */
export const NOT_AHEAD = `clock_timestamp() + interval '${CLOCK_TOLERANCE_MS} ms'`

/**
 * When the provider last stated the current price `p` of a series with the state `st`. A price that was recorded is its own
 * confirmation, since the state is not written for it unless it changed; see docs/decisions/0032-storing-replies.md. A
 * `received_at` ahead of now confirms nothing: what was confirmed before is older, so the price is trusted less, never more.
 * Without a state and with such a price it is that time, which nobody trusts.
 */
export const CONFIRMED_AT = `
  coalesce(greatest(st.confirmed_at, case when p.received_at <= ${NOT_AHEAD} then p.received_at end), p.received_at)`

/** Orders series, the one confirmed last first. A time that lies ahead was stored by a wrong clock, and comes last. */
export const CONFIRMED_LAST = `case when ${CONFIRMED_AT} <= ${NOT_AHEAD} then ${CONFIRMED_AT} end desc nulls last`
