/** A decimal as text, cut to so many decimals for a table, with its last one rounded. JSON has all of them. */
export function shortDecimal(text: string, decimals = 8): string {
  const match = /^(-?)(\d+)\.(\d+)$/.exec(text)
  if (match === null || match[3].length <= decimals) return text
  const [, sign, whole, fraction] = match
  const kept = BigInt(whole + fraction.slice(0, decimals)) + (fraction.charCodeAt(decimals) >= 0x35 ? 1n : 0n)
  const digits = String(kept).padStart(decimals + 1, '0')
  const rest = digits.slice(-decimals).replace(/0+$/, '')
  const value = digits.slice(0, -decimals) + (rest === '' ? '' : `.${rest}`)
  return value === '0' ? value : sign + value
}
