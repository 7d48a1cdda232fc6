import { InvalidArgumentError } from 'commander'

/** What a process may do. Together in one, or apart in any number: everybody works on the same database. */
export const ROLES = ['api', 'poller', 'relay', 'consumer'] as const

export type Role = (typeof ROLES)[number]

/** @throws InvalidArgumentError for a word that is no role */
export function parseRoles(text: string): readonly Role[] {
  return text.split(',').map((word) => {
    const role = ROLES.find((known) => known === word.trim())
    if (role === undefined) throw new InvalidArgumentError(`the roles are ${ROLES.join(', ')}.`)
    return role
  })
}
