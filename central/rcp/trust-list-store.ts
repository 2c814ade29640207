/** A list as it was published, never changed afterwards. */
export interface PublishedTrustList {
  readonly sequence: number
  /** The whole of it with its signature: canonical JSON. */
  readonly text: string
  /** SHA-256 of what the signature is over, lower-case hex: the next list names it. */
  readonly hash: string
  /** DER. */
  readonly signerCertificate: Uint8Array
  readonly publishedAtMs: number
  readonly nextUpdateMs: number
}

/** The lists that were ever published. */
export interface TrustListStore {
  latest(): Promise<PublishedTrustList | undefined>
  find(sequence: number): Promise<PublishedTrustList | undefined>
  /** `taken`: another process has published a list of this number. */
  add(list: PublishedTrustList): Promise<'added' | 'taken'>
}
