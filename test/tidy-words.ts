// The words that this project does not use, and the names that it never changes. test/tidy.test.ts holds both.

/** Identifiers, each with its replacement: alone, or as words inside a longer one (`bell` is also found in `jobBell`). */
export const BANNED_NAMES: Readonly<Record<string, string>> = {
  bell: 'notifier',
  'on ring': 'subscribe',
  'keep going': 'repeatUntilAborted',
  'in hand': 'inFlight',
  runner: 'worker',
  runners: 'workers',
  'log place': 'LogPosition',
  'save place': 'saveCheckpoint',
  'load place': 'loadCheckpoint',
  horizon: 'highWaterMark',
  'until settled': 'untilStable',
  'follow settled': 'followStable',
  unsettled: 'unstable',
  touched: 'affected',
  judge: 'decideRevision, classifyFreshness, resolveMessages',
  judged: 'decided',
  verdict: 'decision',
  settle: 'processBatch',
  inbox: 'recordBuffer',
  wish: 'spec',
  bury: 'store',
  desk: 'admin',
  announce: 'publish, notify',
  // But `announced`, a member that `republish --json` prints since 0.1.0.
  announcement: 'priceReference',
  tell: 'log, report, record',
  tells: 'logs, reports',
  teller: 'recorder',
  telling: 'logging',
  told: 'logged, reported, recorded',
  untold: 'unpublished',
  said: 'given, logged',
  'has room': 'hasCapacity',
  'on room': 'onCapacity',
  'wind up': 'drain',
  'end by force': 'forceExit',
  standing: 'credential, quoteStatus',
  admission: 'credential',
  'key ring': 'credentialCache',
  anybody: 'anonymous caller',
  anybodys: 'anonymous caller',
  somebody: 'caller',
  whoever: 'caller',
  facts: 'status',
  ledger: 'providerStats',
  upkeep: 'maintenance',
  'job order': 'CreateJob',
  'key order': 'CreateKey',
  'kept of': 'retentionOf',
  'quote source': 'QuoteProvider',
  rig: 'harness',
  'stand in': 'fake',
  victim: 'target',
  victims: 'targets',
  'in turns': 'interleave',
  tireless: 'sustained',
}

/** Fields of log lines. */
export const BANNED_LOG_FIELDS: Readonly<Record<string, string>> = { room: 'component', place: 'position' }

/** Phrases, also in comments, messages and documents. */
export const BANNED_PHRASES: Readonly<Record<string, string>> = {
  'rings? the bell': 'notifies',
  'mov(?:e|es|ed|ing) house': 'transfer, copy to another server',
  'nobody leads': 'no process holds the lease',
  'leads? no more': 'has lost the lease',
  'work in hand': 'work in flight',
  'standing orders?': 'polling jobs',
  'the one door': 'ingest',
  'kept for ever': 'kept forever',
  'for ever\\b': 'forever',
  'so long\\.$': 'for that many days',
  "of one[’']s own": 'your own',
  whoever: 'the caller, the client',
  'told of\\b': 'notified of, published to',
  'let(?:s)? (?:everybody|somebody|people) in': 'authenticate',
  'gets? in without': 'is accepted without',
  'have a part in': 'contain, contribute to',
  'has a part in': 'contains, contributes to',
  'dead letter desk': 'dead letter admin',
  'moves on by itself': 'advances',
  'design §': 'the number of the decision',
  'begin anew': 'start over',
}

/**
 * Names that are stored, or that somebody matches: settings, metrics and their labels, tables, database roles, leases,
 * readers of the log, cookies, headers. As version 0.1.0 had them; later versions only add. `test/end-to-end/take-over.test.ts`
 * holds the columns, lease names, readers, the consumer group and the format of messages.
 */
export const STORED_NAMES: Readonly<Record<string, readonly string[]>> = {
  '.env.example': namesIn(
    'HOST PORT ALLOWED_HOSTS AUTH ' +
      'FIRST_KEY_FILE RATE_LIMIT TRUST_PROXY DATA_DIR ' +
      'DATABASE_URL DATABASE_POOL KAFKA_BROKERS KAFKA_TOPIC ' +
      'KAFKA_PARTITIONS KAFKA_REPLICATION KAFKA_SASL_MECHANISM KAFKA_SASL_USERNAME ' +
      'KAFKA_SASL_PASSWORD KAFKA_TLS KAFKA_TLS_CA KAFKA_TLS_CERT ' +
      'KAFKA_TLS_KEY MA_WINDOWS DEFAULT_PROVIDER YFINANCE_BASE_URL ' +
      'YFINANCE_TIMEOUT_MS SIMULATED_SEED REPLAY_FILE REPLAY_SPEED ' +
      'RETENTION_PRICES_DAYS RETENTION_SIMULATED_DAYS RETENTION_RUNS_DAYS LOG_LEVEL',
  ),
  'docs/reference/errors.md': namesIn(
    'malformed_request invalid_request payload_too_large unsupported_media_type forbidden unauthenticated ' +
      'not_found unknown_provider not_enough_prices method_not_allowed symbol_not_found symbol_delisted ' +
      'no_price conflict rate_limited provider_rate_limited provider_unavailable provider_timeout ' +
      'provider_bad_data storage_unavailable overloaded internal',
  ),
  'docs/reference/metrics.md': namesIn(
    'market_data_http_request_seconds market_data_provider_requests_total market_data_provider_request_seconds market_data_averages_lag_seconds ' +
      'market_data_log_lag_seconds market_data_relay_lag_seconds market_data_relay_lag_rows market_data_dead_letters_open ' +
      'market_data_log_held_seconds market_data_database_bytes market_data_leading market_data_lease_epoch ' +
      'market_data_lease_unheld market_data_newest_price_age_seconds market_data_polling_jobs market_data_polling_jobs_failing ' +
      'market_data_database_connections market_data_consumer_lag_messages `method` `route` ' +
      '`status` `outcome` `provider` `application` ' +
      '`lease` `pool` `state` `partition`',
  ),
  'src/postgres/schema/tables.ts': namesIn(
    'series series_state raw_bodies raw_responses ' +
      'prices moving_averages log_epoch mds_ingest ' +
      'mds_relay mds_consumer mds_read log_positions ' +
      'leases polling_jobs polling_runs dead_letters ' +
      'api_keys imports',
  ),
  'src/postgres/connection/locks.ts': ['LOCK_CLASS = 1', 'pg_advisory_xact_lock(id)', 'pg_advisory_xact_lock($1, id)'],
  'src/core/averages/advance.ts': ['`averages:${'],
  'src/core/averages/sweep.ts': ['`sweep:${'],
  'src/app/workers/workers.ts': ["'poller'", "'relay'", "'retention'"],
  'src/app/api-deps.ts': ["['work'", "['answers'", "['leases'", "['upkeep'"],
  'src/kafka/consumer.ts': ['.averages`'],
  'src/kafka/dead-letters.ts': ['-dlt`'],
  'src/postgres/transfer/dump.ts': ["format: 'market-data-dump'"],
  'src/core/ingest/revision.ts': ["'recorded'", "'corrected'", "'confirmed'", "'outdated'"],
  'src/core/log/position.ts': ["'relay'"],
  'src/kafka/message.ts': ["'mds.place'", "'mds.sha256'", "'/market-data/prices'", "'market-data.price.recorded'"],
  'src/http/access/session-cookie.ts': ["'market_data_session'"],
  'src/core/access/secret.ts': ["'mds_live_'", "'mds_page_'"],
}

function namesIn(text: string): readonly string[] {
  return text.split(' ')
}
