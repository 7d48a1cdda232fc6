/** What a process does. All roles may share one process, or each may have any number of processes on one database. */
export const ROLES = ['api', 'poller', 'relay', 'consumer'] as const

export type Role = (typeof ROLES)[number]
