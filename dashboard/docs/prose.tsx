/** A description, whose code is between backticks. */
export function Prose({ text }: { readonly text: string | undefined }) {
  if (text === undefined || text === '') return null
  return (
    <>
      {text.split(/\n{2,}/).map((paragraph, at) => (
        <p key={at}>{paragraph.split('`').map((part, n) => (n % 2 === 1 ? <code key={n}>{part}</code> : part))}</p>
      ))}
    </>
  )
}
