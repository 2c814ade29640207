/** The network as it may be used on behalf of strangers. */
export { AddressGuard } from './address-guard.ts'
export type { GuardedAddress, ResolveHost } from './address-guard.ts'
export { NetError } from './errors.ts'
export type { NetErrorCode } from './errors.ts'
export { guardedHttp } from './guarded-http.ts'
export type { GuardedAnswer, GuardedHttp, GuardedHttpOptions, GuardedRequest } from './guarded-http.ts'
