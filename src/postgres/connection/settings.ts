import { Type } from 'typebox'
import { readAddress, type Address } from './url.ts'

/** The variables that say where the database is. */
export const DATABASE_SETTINGS = {
  DATA_DIR: Type.Optional(
    Type.String({
      minLength: 1,
      description: 'Directory of the embedded database. Default: `./data`; unused with `DATABASE_URL`.',
    }),
  ),
  DATABASE_URL: Type.Optional(
    Type.Unsafe<Address>(
      Type.Object(
        {},
        {
          read: readAddress,
          expects: 'an address like postgres://user@host/database',
          secret: true,
          description: 'PostgreSQL 15 or newer to use instead of the embedded one.',
        },
      ),
    ),
  ),
  DATABASE_POOL: Type.Integer({
    default: 8,
    minimum: 2,
    maximum: 100,
    description:
      'Maximum number of PostgreSQL connections for requests and background work; leases and maintenance use three more.',
  }),
}
