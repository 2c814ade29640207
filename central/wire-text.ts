/** How OPCP writes values into answers. */

/** RFC 3339 UTC, whole seconds. */
export function timestamp(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.\d{3}Z$/, 'Z')
}

/** `4f:13:…`, lower case. */
export function colonHex(hex: string): string {
  return hex.replace(/(..)(?=.)/g, '$1:')
}
