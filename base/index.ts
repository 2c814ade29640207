export {
  base64FromBytes,
  bytesFromBase64,
  bytesFromHex,
  BytesError,
  concatBytes,
  equalBytes,
  hexFromBytes,
} from './bytes.ts'
export type { BytesErrorCode } from './bytes.ts'
export { systemClock } from './clock.ts'
export type { Clock } from './clock.ts'
export { CodedError, codeOf, messageOf } from './coded-error.ts'
export { seededRandom, systemRandom } from './random.ts'
export type { RandomBytes } from './random.ts'
export type { SignatureAlgorithm, Signer, Verifier } from './signature-ports.ts'
