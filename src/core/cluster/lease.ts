/** The right to do work that only one process may do. What its holder writes is tied to its epoch. */
export type Lease = { readonly name: string; readonly holder: string; readonly epoch: string }

export type Leases = {
  /** Takes the lease if it is free or was this holder's; undefined while another process holds it. */
  take(name: string): Promise<Lease | undefined>
  /** Extends it; false once another process has taken it. */
  renew(lease: Lease): Promise<boolean>
  /** Releases it, so that another process need not wait until it expires. */
  release(lease: Lease): Promise<void>
}

/** A lease that is not renewed for this long expires. */
export const LEASE_MS = 6_000
