import type { RootType } from '#opcp'
import {
  lintCertificate,
  type Certificate,
  type CertificateProfileName,
  type CertificateUse,
  type LintFinding,
  type PathRefusal,
} from '#pki'

/** What a certificate that comes in from outside differs in from its profile without being refused for it. */
export interface ProfileRemark {
  readonly certificate: Certificate
  readonly profile: CertificateProfileName
  readonly findings: readonly LintFinding[]
}

export type OnProfileRemark = (remark: ProfileRemark) => void

/** The same few certificates come again and again: each is remarked on once, until this many are known. */
const REMARKED_MAX = 10_000

const ROOT_PROFILES = {
  V2G: 'v2g-root',
  MO: 'mo-root',
  OEM: 'oem-root',
  PE: 'v2g-root',
} as const satisfies Record<RootType, CertificateProfileName>

/** Holds certificates that come in against their profiles: some rules refuse, others are only worth telling. */
export class ProfileCheck {
  readonly #onRemark: OnProfileRemark
  readonly #remarked = new Set<string>()

  constructor(onRemark: OnProfileRemark) {
    this.#onRemark = onRemark
  }

  /** Why a root of that type cannot be taken; `undefined` when it can. */
  refuseRoot(certificate: Certificate, rootType: RootType): LintFinding | undefined {
    return this.#check(certificate, ROOT_PROFILES[rootType])
  }

  /** The same for a leaf, as a verdict on its path. The profiles of the uses have their names. */
  refuseLeaf(certificate: Certificate, use: CertificateUse): PathRefusal | undefined {
    const refused = use === 'any' ? undefined : this.#check(certificate, use)
    if (refused === undefined) return undefined
    const message = `${certificate.distinguishedName}: ${refused.message}`
    return {
      valid: false,
      code: 'ERR_PATH_ROLE',
      message,
      certificate,
      rule: 'profile',
      section: refused.source,
    }
  }

  #check(certificate: Certificate, profile: CertificateProfileName): LintFinding | undefined {
    const findings = lintCertificate(certificate, profile, 'input')
    const refused = findings.find(({ severity }) => severity === 'require')
    const key = `${profile} ${certificate.fingerprintSha256Hex}`
    if (refused === undefined && findings.length > 0 && !this.#remarked.has(key)) {
      if (this.#remarked.size >= REMARKED_MAX) this.#remarked.clear()
      this.#remarked.add(key)
      this.#onRemark({ certificate, profile, findings })
    }
    return refused
  }
}
