import { computed, effect, signal } from '@preact/signals'
import { readLocal, writeLocal } from '../local-storage.ts'
import { isOfNewerPage, readSaved, savedText, type OwnList, type Saved } from './saved.ts'

const STORAGE_KEY = 'watchlists'

const saved = signal<Saved>(readSaved(readLocal(STORAGE_KEY)))

/** A person's own lists, which this browser keeps. */
export const ownLists = computed(() => saved.value.lists)
/** The list that is shown; undefined while all symbols are. */
export const shownList = computed(() => saved.value.lists.find(({ id }) => id === saved.value.shownId))
/** The list to which the rows of all symbols are added: the one shown last, else the first. */
export const targetList = computed(
  () => saved.value.lists.find(({ id }) => id === lastShownId.value) ?? saved.value.lists[0],
)
const lastShownId = signal(saved.peek().shownId)

/** Keeps the lists in this browser, and takes over what another tab of it changes. */
export function startWatchlists(): void {
  addEventListener('storage', ({ key, newValue }) => {
    if (key === STORAGE_KEY && !isOfNewerPage(newValue ?? undefined)) saved.value = readSaved(newValue ?? undefined)
  })
  effect(() => {
    const text = savedText(saved.value)
    const before = readLocal(STORAGE_KEY)
    const isNeeded = before !== undefined || saved.value.lists.length > 0
    if (text !== before && !isOfNewerPage(before) && isNeeded) writeLocal(STORAGE_KEY, text)
  })
}

/** Shows a list; undefined shows all symbols. */
export function showList(id: string | undefined): void {
  saved.value = { ...saved.value, shownId: id }
  if (id !== undefined) lastShownId.value = id
}

/** Creates a list with these series, and makes it the one to which more are added. */
export function createList(name: string, keys: readonly string[] = []): OwnList {
  const list = { id: idOf(), name: freeName(name), keys }
  saved.value = { ...saved.value, lists: [...saved.value.lists, list] }
  lastShownId.value = list.id
  return list
}

export function renameList(id: string, name: string): void {
  if (name.trim() !== '') change(id, (list) => ({ ...list, name: name.trim() }))
}

export function deleteList(id: string): void {
  const lists = saved.value.lists.filter((list) => list.id !== id)
  saved.value = { lists, shownId: saved.value.shownId === id ? undefined : saved.value.shownId }
}

/** Adds a series to the end of a list. */
export function addTo(id: string, key: string): void {
  change(id, (list) => ({ ...list, keys: [...list.keys.filter((one) => one !== key), key] }))
}

export function removeFrom(id: string, key: string): void {
  change(id, (list) => ({ ...list, keys: list.keys.filter((one) => one !== key) }))
}

/** Moves a series to a place of its list, counted from 0; beyond an end, to that end. */
export function moveTo(id: string, key: string, at: number): void {
  change(id, (list) => {
    const others = list.keys.filter((one) => one !== key)
    return { ...list, keys: others.toSpliced(Math.max(0, at), 0, key) }
  })
}

function change(id: string, changed: (list: OwnList) => OwnList): void {
  const lists = saved.value.lists.map((list) => (list.id === id ? changed(list) : list))
  saved.value = { ...saved.value, lists }
}

function freeName(name: string): string {
  const names = new Set(saved.value.lists.map((list) => list.name))
  const wanted = name.trim() || 'My list'
  for (let at = 1; ; at++) {
    const candidate = at === 1 ? wanted : `${wanted} ${at}`
    if (!names.has(candidate)) return candidate
  }
}

/** Not `crypto.randomUUID`: browsers offer it on HTTPS and on loopback only. */
function idOf(): string {
  return `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`
}
