import { computed, effect, signal } from '@preact/signals'
import { readLocal, writeLocal } from './local-storage.ts'

type Theme = 'light' | 'dark'

const STORAGE_KEY = 'theme'
const darkQuery = matchMedia('(prefers-color-scheme: dark)')
const system = signal<Theme>(darkQuery.matches ? 'dark' : 'light')
const chosen = signal<Theme | undefined>(readChosen())

/** The current theme: the chosen one, else the system's. */
export const theme = computed<Theme>(() => chosen.value ?? system.value)

/** Switches to the other theme; if that is the system's, the page follows the system again. */
export function switchTheme(): void {
  const other = theme.value === 'dark' ? 'light' : 'dark'
  chosen.value = other === system.value ? undefined : other
}

/** Applies the theme, and remembers a choice that differs from the system's. */
export function startTheme(): void {
  darkQuery.addEventListener('change', ({ matches }) => (system.value = matches ? 'dark' : 'light'))
  effect(() => void (document.documentElement.dataset['theme'] = theme.value))
  effect(() => writeLocal(STORAGE_KEY, chosen.value))
}

function readChosen(): Theme | undefined {
  const value = readLocal(STORAGE_KEY)
  return value === 'light' || value === 'dark' ? value : undefined
}
