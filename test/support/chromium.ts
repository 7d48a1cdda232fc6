import { existsSync } from 'node:fs'

const PATHS = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** The browser of this machine, or the one that `CHROMIUM` names; undefined if none is installed. */
export const chromiumPath = PATHS.find((path) => path !== undefined && existsSync(path))
