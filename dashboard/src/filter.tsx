/** A field that narrows what a page shows. The key / goes to it. */
export function Filter({ value, onChange }: { readonly value: string; readonly onChange: (text: string) => void }) {
  return (
    <input
      class="filter"
      type="search"
      placeholder="filter (/)"
      aria-label="filter"
      value={value}
      onInput={event => onChange(event.currentTarget.value)}
    />
  )
}
