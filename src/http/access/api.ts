import type { Feature } from '../server/app.ts'
import { keyRoutes, type KeyDeps } from './keys.ts'
import { sessionRoutes, type SessionDeps } from './session.ts'

/** API keys, and the sessions of the dashboard. */
export const accessApi: Feature<KeyDeps & SessionDeps> = { routes: [keyRoutes, sessionRoutes] }
