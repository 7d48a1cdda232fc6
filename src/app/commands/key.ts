import { createKey, listKeys, revokeKey } from '../../cli/access/keys.ts'
import type { KeyActions } from '../../cli/access/key-commands.ts'
import { systemClock as clock } from '../../lib/clock.ts'
import { keysOf } from '../first-key.ts'
import { openTables, type Tables } from './open-tables.ts'
import type { CommandContext } from '../context.ts'

/** The commands that manage API keys. */
export function createKeyActions({ output, readContext }: CommandContext): KeyActions {
  const needsOf = ({ pool }: Tables) => ({ keys: keysOf(pool), output, clock })
  return {
    createKey: async (options) => {
      await using tables = await openTables(readContext())
      await createKey(needsOf(tables), options)
      return 0
    },

    listKeys: async (options) => {
      await using tables = await openTables(readContext())
      await listKeys(needsOf(tables), options)
      return 0
    },

    revokeKey: async (keyId, options) => {
      await using tables = await openTables(readContext())
      await revokeKey(needsOf(tables), keyId, options)
      return 0
    },
  }
}
