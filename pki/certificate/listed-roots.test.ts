import { beforeAll, expect, test } from 'vitest'

import { systemClock, systemRandom } from '#base'

import { createThrowawayPki } from '../issuing/throwaway-pki.ts'
import type { Certificate } from './certificate.ts'
import { listedRoots } from './listed-roots.ts'

let root: Certificate
let serial: bigint
beforeAll(async () => {
  const pki = await createThrowawayPki({ clock: systemClock, random: systemRandom })
  root = pki['v2g/root'].certificate
  serial = BigInt(`0x${root.serialNumberHex}`)
})

test.each([
  'CN=V2G Root CA, DC=V2G',
  'DC=V2G,CN=V2G Root CA',
  'cn = v2g root ca',
  'CN=V2G Root CA',
  '',
  '<Name(CN=V2G Root CA,DC=V2G)>',
])('the serial number and the name %j mean the root', (X509IssuerName) => {
  expect(listedRoots([{ X509IssuerName, X509SerialNumber: serial }], [root])).toEqual([root])
})

test('another serial number or a name with a strange attribute mean another root', () => {
  expect(listedRoots([{ X509IssuerName: 'CN=V2G Root CA', X509SerialNumber: serial + 1n }], [root])).toEqual(
    [],
  )
  expect(
    listedRoots([{ X509IssuerName: 'CN=V2G Root CA, O=Other', X509SerialNumber: serial }], [root]),
  ).toEqual([])
  expect(listedRoots([], [root])).toEqual([])
})

test('the roots come in the order of the list, each once', async () => {
  const pki = await createThrowawayPki({ clock: systemClock, random: systemRandom })
  const other = pki['v2g/root'].certificate
  const entries = [other, root].map(({ serialNumberHex }) => ({
    X509IssuerName: 'CN=V2G Root CA',
    X509SerialNumber: BigInt(`0x${serialNumberHex}`),
  }))
  expect(listedRoots([...entries, ...entries], [root, other])).toEqual([other, root])
})
