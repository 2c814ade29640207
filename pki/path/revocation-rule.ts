import type { Certificate } from '../certificate/certificate.ts'
import type { RevocationStatus } from '../revocation/revocation-status.ts'
import type { PathDemand, PathRule } from './path-rule.ts'
import { type Finding, finding } from './path-verdict.ts'

/** Every certificate but the root, whose removal from the trusted roots is its revocation. */
export const REVOCATION_RULE: PathRule<readonly Certificate[]> = {
  name: 'revocation',
  section: 'RFC 5280 section 6.1.3 (a)(3), 6.3',
  asks: 'no certificate but the root is revoked, and where that is required each is known not to be',
  appliesTo: ({ revocation }) => revocation !== undefined,
  refuse: (path, demand) => {
    // From the root down: a revoked CA says more than the unknown status of what it issued.
    for (const [index, status] of [...statusesOf(path, demand).entries()].toReversed()) {
      const certificate = path[index]
      const found = certificate && refuseStatus(certificate, status, demand)
      if (found !== undefined) return found
    }
    return undefined
  },
}

/** In the order of the path, without the root; empty when revocation is not asked for. */
export function statusesOf(
  path: readonly Certificate[],
  { revocation, atMs }: Pick<PathDemand, 'revocation' | 'atMs'>,
): readonly RevocationStatus[] {
  if (revocation === undefined) return []
  return path.slice(1).flatMap((issuer, index) => {
    const certificate = path[index]
    return certificate === undefined ? [] : [revocation.evidence.statusOf({ certificate, issuer, atMs })]
  })
}

function refuseStatus(
  certificate: Certificate,
  status: RevocationStatus,
  { revocation }: PathDemand,
): Finding | undefined {
  if (status.status === 'good' || (status.status === 'unknown' && revocation?.policy !== 'require'))
    return undefined
  return statusFinding(certificate, status)
}

/** What a status that is not accepted says against a path; also a good one, when it is too old to count. */
export function statusFinding(certificate: Certificate, status: RevocationStatus): Finding {
  if (status.status === 'revoked') {
    const what = `revoked at ${timeOf(status.revokedAtMs)}, reason ${status.reason}`
    return finding('ERR_PATH_REVOKED', certificate, status.outdated === true ? what + lasting(status) : what)
  }
  const why = status.status === 'unknown' ? `: ${status.why}` : ''
  return finding('ERR_PATH_STATUS_UNKNOWN', certificate, `revocation status unknown${why}`)
}

const lasting = ({ nextUpdateMs }: { readonly nextUpdateMs: number }): string =>
  `; said by evidence that was due to be replaced at ${timeOf(nextUpdateMs)}, but a revocation lasts (RFC 5280 section 3.3)`

const timeOf = (timeMs: number): string => new Date(timeMs).toISOString().replace('.000', '')
