// Which room may import which. test/tidy.test.ts enforces this table, and the picture of the architecture is drawn from it.

/** Every room may import these. */
const GROUND = ['errors', 'lib'] as const

const CORE = [
  'core/prices',
  'core/log',
  'core/ingest',
  'core/averages',
  'core/calendar',
  'core/polling',
  'core/access',
  'core/cluster',
  'core/events',
  'core/health',
] as const

const INSIDE = [...GROUND, ...CORE, 'formats'] as const

/** A room of `src/`, or one of `core/`, with the other rooms that it may import. Only `main` imports `app`. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  lib: ['errors'],
  'core/prices': GROUND,
  'core/log': GROUND,
  'core/access': GROUND,
  'core/cluster': GROUND,
  'core/calendar': GROUND,
  'core/ingest': [...GROUND, 'core/prices', 'core/log'],
  'core/averages': [...GROUND, 'core/prices', 'core/log'],
  'core/events': [...GROUND, 'core/prices', 'core/log'],
  'core/health': [...GROUND, 'core/prices', 'core/log'],
  'core/polling': [...GROUND, 'core/prices', 'core/ingest', 'core/calendar'],
  formats: [...GROUND, ...CORE],
  providers: INSIDE,
  postgres: INSIDE,
  kafka: INSIDE,
  http: INSIDE,
  cli: INSIDE,
  app: [...INSIDE, 'providers', 'postgres', 'kafka', 'http', 'cli'],
  main: [...GROUND, 'cli', 'app'],
}

/** The folder of an edge that its other folders may import; it imports none of them. */
export const BASE_FOLDER: Readonly<Record<string, string>> = {
  providers: 'transport',
  postgres: 'connection',
  kafka: 'client',
  http: 'server',
  cli: 'terminal',
}

/** The other folders of its own edge that a folder may import, each for a reason. */
export const MAY_ALSO_IMPORT: Readonly<Record<string, readonly string[]>> = {
  // A replayed file and an imported one have the same rows.
  'providers/replay': ['csv'],
  // The readers of the log share its SQL: the columns, the order, and the high-water mark.
  'postgres/averages': ['log'],
  'postgres/health': ['log'],
  'postgres/verify': ['log', 'ingest', 'schema'],
  // Retention deletes from the tables that their records name.
  'postgres/log': ['schema'],
  // A stored reply is unpacked by the code that packed it.
  'postgres/prices': ['ingest'],
  'postgres/transfer': ['schema'],
  // A stream ends when the key that opened it is revoked.
  'http/streams': ['access'],
}
