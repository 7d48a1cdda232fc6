/** A text that this browser has stored for the page; undefined if there is none, or if the browser refuses storage. */
export function readLocal(name: string): string | undefined {
  try {
    return localStorage.getItem(name) ?? undefined
  } catch {
    return undefined
  }
}

/** Stores a text, or deletes it if it is undefined. If the storage is refused or full, the page goes on without. */
export function writeLocal(name: string, text: string | undefined): void {
  try {
    if (text === undefined) localStorage.removeItem(name)
    else localStorage.setItem(name, text)
  } catch {
    // What is shown stays until the page is closed.
  }
}
