import { systemClock, systemRandom } from '#base'
import {
  type Certificate,
  createThrowawayPki,
  issueVehicle,
  parseCertificate,
  type PathVerdict,
  validatePath,
} from '#pki'

import { type Cost, measure } from './measure.ts'

/** Leaf, sub CA 2 and sub CA 1, as vehicles send and get them, below a root that is held. */
type Chain = readonly [Certificate, Certificate, Certificate]

/**
 * A chain of three P-256 certificates judged by all rules, beside its three bare signature checks: with certificates
 * that are parsed already, keys included, and from bytes, as a message brings them.
 */
export async function benchPath(): Promise<void> {
  const { chain, root, pcid } = await vehicleChain()
  const ders = chain.map(({ der }) => der)
  const issuers = [...chain.slice(1), root]
  const costs = measure({
    'signature checks': () =>
      chain.every((one, at) => issuers[at] !== undefined && one.isSignedBy(issuers[at])),
    'validatePath, parsed': () => validated(chain, root),
    'parsing and validatePath': () => validated(ders.map(parseCertificate), root),
  })
  const floorUs = costs[0]?.medianUs ?? Number.NaN
  console.log(`\npath of ${pcid}, three certificates below a root`)
  for (const cost of costs) console.log(lineOf(cost, floorUs))
}

async function vehicleChain(): Promise<{ chain: Chain; root: Certificate; pcid: string }> {
  const pcid = 'EVOBENCH000000001'
  const ports = { clock: systemClock, random: systemRandom }
  const pki = await createThrowawayPki(ports)
  const { certificate } = await issueVehicle(pki, { pcid, ...ports })
  const chain = [certificate, pki['oem/sub2'].certificate, pki['oem/sub1'].certificate] as const
  return { chain, root: pki['oem/root'].certificate, pcid }
}

function validated([leaf, ...intermediates]: readonly Certificate[], root: Certificate): PathVerdict {
  if (leaf === undefined) throw new TypeError('a chain has a leaf')
  const atMs = systemClock()
  const verdict = validatePath({ leaf, intermediates, roots: [root], atMs, use: 'oem-provisioning' })
  if (!verdict.valid) throw new Error(verdict.message)
  return verdict
}

function lineOf({ name, medianUs, lowUs, highUs }: Cost, floorUs: number): string {
  const spread = `${lowUs.toFixed(0)}..${highUs.toFixed(0)}`
  const ratio = (medianUs / floorUs).toFixed(2)
  return `  ${name.padEnd(24)} ${medianUs.toFixed(0).padStart(5)} µs (${spread}), ${ratio} × signature checks`
}
