/** Missing in TypeScript's libraries. */
interface JSON {
  rawJSON(text: string): { readonly rawJSON: string }
}
