import { computed, effect, signal } from '@preact/signals'

type Theme = 'light' | 'dark'

const STORED = 'theme'
const darkQuery = matchMedia('(prefers-color-scheme: dark)')
const system = signal<Theme>(darkQuery.matches ? 'dark' : 'light')
const chosen = signal<Theme | undefined>(readChosen())

/** The theme that is shown: the chosen one, else the system's. */
export const theme = computed<Theme>(() => chosen.value ?? system.value)

/** The other one; choosing what the system has anyway is following it again. */
export function switchTheme(): void {
  const other = theme.value === 'dark' ? 'light' : 'dark'
  chosen.value = other === system.value ? undefined : other
}

export function keepTheme(): void {
  darkQuery.addEventListener('change', ({ matches }) => (system.value = matches ? 'dark' : 'light'))
  effect(() => {
    document.documentElement.dataset['theme'] = theme.value
    if (chosen.value === undefined) localStorage.removeItem(STORED)
    else localStorage.setItem(STORED, chosen.value)
  })
}

function readChosen(): Theme | undefined {
  const stored = localStorage.getItem(STORED)
  return stored === 'light' || stored === 'dark' ? stored : undefined
}
