import { existsSync } from 'node:fs'

const PATHS = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** The browser of this machine, or the one that `CHROMIUM` names; undefined if none is installed. */
export const chromiumPath = PATHS.find((path) => path !== undefined && existsSync(path))

/**
 * Without the popup of the address bar: Chromium loads one with every new window, which costs more than our page does. It
 * obeys only the last flag of this name, so the features that Playwright disables for stable tests are repeated.
 */
export const chromiumArguments = [
  `--disable-features=${[
    'WebUIOmniboxPopup',
    'WebUIOmniboxAimPopup',
    'WebUIOmniboxFullPopup',
    'AvoidCorsURLLoaderRestartOnRedirect',
    'AvoidUnnecessaryBeforeUnloadCheckSync',
    'DestroyProfileOnBrowserClose',
    'HttpsFirstBalancedModeAutoEnable',
    'HttpsUpgrades',
    'MediaRouter',
    'NetworkTimeServiceQuerying',
    'OptimizationHints',
    'PaintHolding',
    'PreconnectToSearch',
    'ThirdPartyStoragePartitioning',
  ].join()}`,
]
