/** The right to lead, until it is lost. What a leader writes is tied to its epoch. */
export type Lease = { readonly name: string; readonly holder: string; readonly epoch: string }

export type Leases = {
  /** The lease, if nobody leads now or if this holder did; undefined while another one does. */
  take(name: string): Promise<Lease | undefined>
  /** Holds on to it; false once another has taken it. */
  renew(lease: Lease): Promise<boolean>
  /** Lets go of it, so that another need not wait for its end. */
  release(lease: Lease): Promise<void>
}

/** After so long without renewal a leader counts as dead. */
export const LEASE_MS = 6_000
