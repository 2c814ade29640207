/** Whose data: a contract's, or a vehicle's. Both in upper case, without hyphens. */
export type Subject = { readonly emaidKey: string } | { readonly pcidKey: string }

/** What erasing needs from storage, of whatever names the subject beside the pools themselves. */
export interface ErasureStore {
  /**
   * Erases the records of what was removed from the pools, registrations, and the names and certificates on record of what
   * the CAs have issued. Of those the serial numbers stay, revoked at the time given unless they were before.
   */
  erase(subject: Subject, nowMs: number): Promise<void>
}
