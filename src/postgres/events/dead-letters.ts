import type pg from 'pg'
import { ServiceError } from '../../errors.ts'
import type {
  StoreDeadLetters,
  DeadLetter,
  DeadLetterAdmin,
  StoredDeadLetter,
  UnsentDeadLetters,
} from '../../core/events/dead-letter.ts'

/** Stores dead letters, each once: messages with the same topic, partition and offset are the same. */
export function createStoreDeadLetters(pool: pg.Pool): StoreDeadLetters {
  return async (letters) => {
    const column = <T>(pick: (letter: DeadLetter) => T) => letters.map(pick)
    await pool.query(STORE, [
      column((letter) => letter.topicId),
      column((letter) => letter.topic),
      column((letter) => letter.partition),
      column((letter) => letter.offset),
      column((letter) => letter.key),
      column((letter) => letter.value),
      column((letter) => JSON.stringify(letter.headers.map(encodeHeader))),
      column((letter) => letter.reason),
      column((letter) => letter.detail),
      column((letter) => letter.consumerGroup),
    ])
  }
}

/** The dead letters that were not yet sent to the dead letter topic. */
export function createUnsentDeadLetters(pool: pg.Pool): UnsentDeadLetters {
  return {
    claim: async (limit, seconds) => {
      const { rows: claimed } = await pool.query<{ id: string }>(CLAIM, [limit, seconds])
      const { rows } = await pool.query<Row>(CLAIMED, [claimed.map(({ id }) => id)])
      return rows.map(toLetter)
    },
    markSent: async (ids) => void (await pool.query(MARK_SENT, [ids])),
  }
}

/** Lists and resolves dead letters, for operators. @throws ServiceError `not_found` on `find` for an unknown id */
export function createDeadLetterAdmin(pool: pg.Pool): DeadLetterAdmin {
  return {
    list: async ({ all, after, limit }) => {
      const { rows } = await pool.query<Row>(LIST, [all, after, limit])
      return rows.map(toLetter)
    },
    find: async (id) => {
      const { rows } = /^\d{1,18}$/.test(id) ? await pool.query<Row>(FIND, [id]) : { rows: [] }
      const [row] = rows
      if (row === undefined) throw new ServiceError('not_found', `There is no dead letter ${id}.`)
      return toLetter(row)
    },
    noteFailure: async (id, { reason, detail }) => void (await pool.query(NOTE_FAILURE, [id, reason, detail])),
    resolve: async (id, resolution) => (await pool.query(RESOLVE, [id, resolution])).rowCount === 1,
  }
}

type Row = Omit<StoredDeadLetter, 'headers'> & { readonly headers: readonly (readonly [string, string | null])[] }

function encodeHeader([name, value]: DeadLetter['headers'][number]) {
  return [name, value && Buffer.from(value).toString('base64')]
}

function toLetter({ headers, ...row }: Row): StoredDeadLetter {
  return {
    ...row,
    headers: headers.map(([name, value]) => [name, value === null ? null : Buffer.from(value, 'base64')]),
  }
}

const COLUMNS = `
  id, topic_id as "topicId", topic, partition, record_offset as "offset", key, value, headers, reason, detail,
  consumer_group as "consumerGroup", attempts, created_at as "createdAt", sent_at as "sentAt", resolution,
  resolved_at as "resolvedAt"`

const STORE = `
  insert into dead_letters (topic_id, topic, partition, record_offset, key, value, headers, reason, detail, consumer_group)
  select * from unnest($1::uuid[], $2::text[], $3::integer[], $4::bigint[], $5::bytea[], $6::bytea[], $7::json[],
                       $8::text[], $9::text[], $10::text[])
  on conflict (topic_id, partition, record_offset) do nothing`

/**
 * No transaction stays open while letters are sent to Kafka or fetched from here, which may take long: it would hold back the
 * log for every reader. So a process claims the letters first, and commits, before it fetches them. A claim that lasts longer
 * than any was made before the clock was set back.
 */
const CLAIM = `
  update dead_letters set claimed_until = clock_timestamp() + make_interval(secs => $2)
   where id in (
     select id from dead_letters
      where sent_at is null and (claimed_until is null or claimed_until < clock_timestamp()
            or claimed_until > clock_timestamp() + make_interval(secs => 2 * $2))
      order by id limit $1 for update skip locked)
  returning id`

const CLAIMED = `select ${COLUMNS} from dead_letters where id = any($1::bigint[]) order by id`

const MARK_SENT = 'update dead_letters set sent_at = clock_timestamp() where id = any($1::bigint[])'

const LIST = `
  select ${COLUMNS} from dead_letters where id > $2 and ($1 or resolution is null) order by id limit $3`

const FIND = `select ${COLUMNS} from dead_letters where id = $1`

const NOTE_FAILURE = 'update dead_letters set attempts = attempts + 1, reason = $2, detail = $3 where id = $1'

const RESOLVE = `
  update dead_letters set resolution = $2, resolved_at = clock_timestamp() where id = $1 and resolution is null`
