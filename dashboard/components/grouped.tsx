/**
 * A decimal with separators of thousands that are drawn and not part of its text, so that a copied price is a number. From
 * five digits on: four are read at a glance.
 */
export function Grouped({ decimal }: { decimal: string }) {
  const [, sign = '', whole = '', fraction = ''] = /^([-+−]?)(\d+)(.*)$/.exec(decimal) ?? []
  if (whole.length < 5) return <>{decimal}</>
  const groups = whole.match(/\d{1,3}(?=(?:\d{3})*$)/g) ?? []
  return (
    <>
      {sign}
      {groups.map((group, at) => (
        <span key={groups.length - at} class="group">
          {group}
        </span>
      ))}
      {fraction}
    </>
  )
}
