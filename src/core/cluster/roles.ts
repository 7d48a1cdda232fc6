/** What a process does. One process may have all roles, or each role any number of processes on one database. */
export const ROLES = ['api', 'poller', 'relay', 'consumer'] as const

export type Role = (typeof ROLES)[number]
