import { beforeAll, expect, test } from 'vitest'

import type { Certificate } from '../certificate/certificate.ts'
import { writeElement, writeSequence, writeText } from '../der/der-writer.ts'
import { EXTENSION } from '../der/object-identifiers.ts'
import { extension, forge, type Forged, type Forgery, generateKeys } from '../testing/forge.ts'
import { NAME_CONSTRAINTS_RULE } from './name-constraints.ts'

const PERMITTED = 0xa0
const EXCLUDED = 0xa1
const dns = (host: string): Uint8Array => writeText(0x82, host)
const mail = (address: string): Uint8Array => writeText(0x81, address)
const OTHER_NAME = writeElement(0xa0, new Uint8Array())
const MINIMUM_1 = writeElement(0x80, Uint8Array.of(1))

const encoded = (oid: string, value: Uint8Array): ReturnType<typeof extension> =>
  extension(oid, true, Buffer.from(value).toString('hex'))
const constraints = (side: number, ...names: readonly Uint8Array[]): ReturnType<typeof extension> =>
  encoded(
    EXTENSION.nameConstraints,
    writeSequence(writeElement(side, ...names.map((name) => writeSequence(name)))),
  )
const names = (...all: readonly Uint8Array[]): ReturnType<typeof extension> =>
  encoded(EXTENSION.subjectAltName, writeSequence(...all))

let root: Forged
beforeAll(async () => {
  root = await forge({ subject: 'Root', ca: true, keys: await generateKeys() })
})

interface Chain {
  readonly ca: readonly ReturnType<typeof extension>[]
  readonly leaf: Partial<Forgery>
  readonly between?: Partial<Forgery>
}

async function codeOf({ ca, leaf, between }: Chain): Promise<string | undefined> {
  const { keys } = root
  const issuer = await forge({ subject: 'CA', issuer: root, ca: true, keys, extensions: ca })
  const below = between && (await forge({ subject: 'CA', issuer, ca: true, keys, ...between }))
  const last = await forge({ subject: 'Leaf', issuer: below ?? issuer, keys, ...leaf })
  const path = [last, below, issuer, root].flatMap((one): Certificate[] => (one ? [one.certificate] : []))
  return NAME_CONSTRAINTS_RULE.refuse(path, {
    ...({ atMs: 0, use: 'any', algorithms: [], pathCertificatesMax: 9, policies: {} } as const),
  })?.code
}

const REFUSED = 'ERR_PATH_NAME_CONSTRAINTS'

test.each<{ what: string; chain: Chain; code: string | undefined }>([
  {
    what: 'an address in the subject',
    chain: {
      ca: [constraints(PERMITTED, mail('good.example'))],
      leaf: { subject: [{ E: ['a@evil.example'] }] },
    },
    code: REFUSED,
  },
  {
    what: 'a name of another kind',
    chain: {
      ca: [constraints(PERMITTED, mail('good.example'))],
      leaf: { extensions: [names(dns('evil.example'))] },
    },
    code: undefined,
  },
  {
    what: 'one name of two',
    chain: {
      ca: [constraints(PERMITTED, dns('good.example'))],
      leaf: { extensions: [names(dns('good.example'), dns('evil.example'))] },
    },
    code: REFUSED,
  },
  {
    what: 'a self-issued CA below the constraint',
    chain: {
      ca: [constraints(EXCLUDED, dns('evil.example'))],
      between: { subject: 'CA', extensions: [names(dns('evil.example'))] },
      leaf: {},
    },
    code: undefined,
  },
  {
    what: 'another CA below the constraint',
    chain: {
      ca: [constraints(EXCLUDED, dns('evil.example'))],
      between: { subject: 'Other', extensions: [names(dns('evil.example'))] },
      leaf: {},
    },
    code: REFUSED,
  },
  {
    what: 'a self-issued leaf',
    chain: {
      ca: [constraints(EXCLUDED, dns('evil.example'))],
      leaf: { subject: 'CA', extensions: [names(dns('evil.example'))] },
    },
    code: REFUSED,
  },
  {
    what: 'a name of a kind that cannot be compared',
    chain: { ca: [constraints(EXCLUDED, OTHER_NAME)], leaf: { extensions: [names(OTHER_NAME)] } },
    code: REFUSED,
  },
  {
    what: 'a constraint with a minimum',
    chain: {
      ca: [
        encoded(
          EXTENSION.nameConstraints,
          writeSequence(writeElement(EXCLUDED, writeSequence(dns('other.example'), MINIMUM_1))),
        ),
      ],
      leaf: { extensions: [names(dns('good.example'))] },
    },
    code: REFUSED,
  },
  {
    what: 'more names than can be compared',
    chain: {
      ca: [constraints(EXCLUDED, ...Array.from({ length: 200 }, (_, at) => dns(`${at}.example`)))],
      leaf: { extensions: [names(...Array.from({ length: 200 }, (_, at) => dns(`${at}.good`)))] },
    },
    code: 'ERR_PATH_TOO_COMPLEX',
  },
  {
    what: 'more names than can be looked through, of other kinds than the constraints',
    chain: {
      ca: [constraints(EXCLUDED, ...Array.from({ length: 200 }, (_, at) => dns(`${at}.example`)))],
      leaf: { extensions: [names(...Array.from({ length: 200 }, () => OTHER_NAME))] },
    },
    code: 'ERR_PATH_TOO_COMPLEX',
  },
])('$what: $code', async ({ chain, code }) => {
  expect(await codeOf(chain)).toBe(code)
})
