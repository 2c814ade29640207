import { listedRoots, type Certificate, type IssuerAndSerial } from '#pki'

import { keyIdOf } from '../rcp/key-id.ts'

/** Lists of vehicles are unreliable, Hubject's own sample names a root nobody has. */
export type UnknownRootsPolicy = 'deliver' | 'refuse'

export interface RootWishes {
  /** The vehicle's ListOfRootCertificateIDs; empty when nobody has one. */
  readonly list: readonly IssuerAndSerial[]
  /** The V2G roots of the RCP. */
  readonly v2gRoots: readonly Certificate[]
  /** Key ids of the roots that the vehicle's entry in the PCP names, lower-case hex. */
  readonly vehicleRootKeyIds: readonly string[]
  /** Fingerprint of the root the operator's CPS uses when nobody asks for another. */
  readonly operatorRoot: string | undefined
  /** When the list names no root of the RCP. */
  readonly unknownRoots: UnknownRootsPolicy
}

/**
 * The bundles of a contract that the vehicle can use, the best first. A list that names roots of the RCP decides alone,
 * in its order. One that names none says nothing about the vehicle: then the roots of its entry in the PCP come first,
 * then the operator's, then the others as they are given (opcp-digest §6.6).
 */
export function usableBundles<Bundle extends { readonly rootFingerprint: string }>(
  bundles: readonly Bundle[],
  { list, v2gRoots, vehicleRootKeyIds, operatorRoot, unknownRoots }: RootWishes,
): readonly Bundle[] {
  const listed = listedRoots(list, v2gRoots).map(({ fingerprintSha256Hex }) => fingerprintSha256Hex)
  if (listed.length > 0 || unknownRoots === 'refuse') return below(listed, bundles)
  const ofVehicle = v2gRoots
    .filter((root) => vehicleRootKeyIds.includes(keyIdOf(root)))
    .map(({ fingerprintSha256Hex }) => fingerprintSha256Hex)
  const preferred = below([...ofVehicle, ...(operatorRoot === undefined ? [] : [operatorRoot])], bundles)
  return [...new Set([...preferred, ...bundles])]
}

function below<Bundle extends { readonly rootFingerprint: string }>(
  fingerprints: readonly string[],
  bundles: readonly Bundle[],
): readonly Bundle[] {
  return fingerprints.flatMap((fingerprint) =>
    bundles.filter(({ rootFingerprint }) => rootFingerprint === fingerprint),
  )
}
