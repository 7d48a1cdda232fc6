import { ROLES } from '../core/cluster/roles.ts'
import { systemClock as clock } from '../lib/clock.ts'
import { createPool } from '../postgres/connection/pool.ts'
import { assemble } from './assemble.ts'
import type { AppContext } from './context.ts'
import { createKafkaOutageLog } from './outage-log.ts'

/** The OpenAPI document of the HTTP interface. Nothing is started or connected for it. */
export async function openApiDocument(context: AppContext): Promise<object> {
  const unused = createPool('postgres://nowhere', { size: 1, onError: () => {} })
  const pools = { pool: unused, working: unused, answering: unused, leading: unused }
  const { server } = await assemble({
    ...context,
    kafka: undefined,
    kafkaWatch: createKafkaOutageLog({ log: context.log, clock }),
    roles: ROLES,
    database: { ...pools, isOurs: false, location: 'nowhere' },
    signal: AbortSignal.abort(),
  })
  await server.ready()
  return server.swagger()
}
