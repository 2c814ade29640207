/** Name constraints (RFC 5280 sections 4.2.1.10 and 6.1.3 (b), (c)) of all CAs of a path, the root among them. */
import type { Certificate } from '../certificate/certificate.ts'
import type { GeneralName, NameSubtree } from '../certificate/general-names.ts'
import { matchesSubtree } from './name-matching.ts'
import type { PathRule } from './path-rule.ts'
import { type Finding, finding } from './path-verdict.ts'

/** Names compared with constraints in one path; both stand in certificates that a CA may have filled with thousands. */
const COMPARISONS_MAX = 10_000

export const NAME_CONSTRAINTS_RULE: PathRule<readonly Certificate[]> = {
  name: 'name-constraints',
  section: 'RFC 5280 section 6.1.3 (b) and (c), 4.2.1.10',
  asks: 'no CA above excludes one of its names or permits only others, self-issued CAs below the constraint excepted',
  refuse: (path) => {
    if (path.every(({ restrictions }) => restrictions.nameConstraints === undefined)) return undefined
    return new NameConstraintsCheck(path).run()
  },
}

type Side = 'permitted' | 'excluded'

class NameConstraintsCheck {
  readonly #path: readonly Certificate[]
  #comparisons = 0

  constructor(path: readonly Certificate[]) {
    this.#path = path
  }

  run(): Finding | undefined {
    for (const [index, certificate] of this.#path.entries()) {
      if (index > 0 && certificate.isSelfIssued) continue
      const names = namesOf(certificate)
      for (const issuer of this.#path.slice(index + 1)) {
        const found = this.#refuse(certificate, names, issuer)
        if (found !== undefined) return found
      }
    }
    return undefined
  }

  #refuse(certificate: Certificate, names: readonly GeneralName[], issuer: Certificate): Finding | undefined {
    const constraints = issuer.restrictions.nameConstraints
    if (constraints === undefined) return undefined
    for (const name of names) {
      const excluded = constraints.excluded.filter(({ kind }) => kind === name.kind)
      const permitted = constraints.permitted.filter(({ kind }) => kind === name.kind)
      // Those of other kinds too: they cost a look each.
      this.#comparisons += constraints.excluded.length + constraints.permitted.length
      if (this.#comparisons > COMPARISONS_MAX)
        return finding('ERR_PATH_TOO_COMPLEX', certificate, 'too many names and constraints on them')
      const what = whatIsWrong(name, excluded, 'excluded') ?? whatIsWrong(name, permitted, 'permitted')
      if (what !== undefined)
        return finding(
          'ERR_PATH_NAME_CONSTRAINTS',
          certificate,
          `${textOf(name)} ${what} ${issuer.distinguishedName}`,
        )
    }
    return undefined
  }
}

/** What speaks against the name by constraints of its own kind. What cannot be compared is refused on either side. */
function whatIsWrong(name: GeneralName, subtrees: readonly NameSubtree[], side: Side): string | undefined {
  if (subtrees.length === 0) return undefined
  const matches = subtrees.map((subtree) =>
    subtree.unsupported ? undefined : matchesSubtree(name, subtree, side),
  )
  if (matches.includes(undefined)) return 'cannot be compared with the constraints of'
  if (side === 'excluded') return matches.includes(true) ? 'is excluded by' : undefined
  return matches.includes(true) ? undefined : 'is not permitted by'
}

/** The subject, the addresses in it (which older issuers put there) and the alternative names. */
function namesOf({ subject, restrictions }: Certificate): readonly GeneralName[] {
  return [
    ...(subject.attributes.length === 0 ? [] : [{ kind: 'directoryName', name: subject } as const]),
    ...subject.values('emailAddress').map((text) => ({ kind: 'rfc822Name', text }) as const),
    ...(restrictions.subjectAltNames ?? []),
  ]
}

function textOf(name: GeneralName): string {
  if ('text' in name) return `${name.kind} ${name.text}`
  return 'name' in name ? `${name.kind} ${name.name.text}` : name.kind
}
