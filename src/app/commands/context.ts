import type { Output } from '../../cli/terminal/output.ts'
import type { AppContext } from '../context.ts'

/** What every command acts with. The settings are read when a command runs, so that help needs none. */
export type Needs = { readonly output: Output; readonly readSetting: () => AppContext }

export const EXIT_FAILED = 1
