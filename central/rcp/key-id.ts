import { hexFromBytes } from '#base'
import type { Certificate } from '#pki'

/** Lower-case hex of the subject key identifier; empty without one. */
export function keyIdOf({ subjectKeyIdentifier }: Certificate): string {
  return subjectKeyIdentifier === undefined ? '' : hexFromBytes(subjectKeyIdentifier)
}
