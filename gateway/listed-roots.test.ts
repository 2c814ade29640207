import { beforeAll, expect, test } from 'vitest'

import { systemClock, systemRandom } from '#base'
import { type Certificate, createThrowawayPki } from '#pki'

import { listedAmong } from './listed-roots.ts'

let root: Certificate
let serial: bigint
beforeAll(async () => {
  const pki = await createThrowawayPki({ clock: systemClock, random: systemRandom })
  root = pki['v2g/root'].certificate
  serial = BigInt(`0x${root.serialNumberHex}`)
})

test.each(['CN=V2G Root CA, DC=V2G', 'DC=V2G,CN=V2G Root CA', 'cn = v2g root ca', 'CN=V2G Root CA', ''])(
  'the serial number and the name %j mean the root',
  (X509IssuerName) => {
    expect(listedAmong([root], [{ X509IssuerName, X509SerialNumber: serial }])).toEqual([root])
  },
)

test('another serial number or a name with a strange attribute mean another root', () => {
  expect(listedAmong([root], [{ X509IssuerName: 'CN=V2G Root CA', X509SerialNumber: serial + 1n }])).toEqual(
    [],
  )
  expect(
    listedAmong([root], [{ X509IssuerName: 'CN=V2G Root CA, O=Other', X509SerialNumber: serial }]),
  ).toEqual([])
  expect(listedAmong([root], [])).toEqual([])
})
