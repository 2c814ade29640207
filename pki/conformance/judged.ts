/** What the published suites have in common: a validation and the outcome they expect of it. */
import type { CertificateAlgorithm } from '../certificate/algorithms.ts'
import { PkiError } from '../errors.ts'
import type { PathRules } from '../path/path-rule.ts'
import { PATH_RULES } from '../path/path-rules.ts'
import { type PathValidation, validateByRules } from '../path/path-validation.ts'

/** The suites need RSA, which ISO 15118 does not know. */
export const ALGORITHMS: readonly CertificateAlgorithm[] = [
  'ecdsa-p256-sha256',
  'ecdsa-p521-sha512',
  'ed448',
  'rsa-sha256',
]

export type Outcome = 'accepts' | 'refuses'

export interface Judged {
  readonly id: string
  readonly expected: Outcome
  /** Parses the certificates of the case: throws what the parser throws. */
  readonly validation: () => PathValidation
}

export function outcomeOf({ validation }: Judged, rules: PathRules = PATH_RULES): Outcome {
  try {
    return validateByRules(validation(), rules).valid ? 'accepts' : 'refuses'
  } catch (error) {
    // A certificate that does not parse cannot be part of a path; anything else is a bug.
    if (!(error instanceof PkiError)) throw error
    return 'refuses'
  }
}
