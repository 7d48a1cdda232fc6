/** TypeScript's libraries do not know it yet. */
interface JSON {
  rawJSON(text: string): { readonly rawJSON: string }
}
