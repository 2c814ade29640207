import type { CaKind, EndEntity } from '#opcp'

/** Who may enrol where that takes a registration. */
export interface EndEntityStore {
  /** Registering again replaces the registration. */
  put(entity: {
    readonly kind: CaKind
    /** Upper case, without separators. */
    readonly commonNameKey: string
    readonly operatorId: string
    readonly registration: EndEntity
    readonly registeredAtMs: number
  }): Promise<void>
  isRegistered(kind: CaKind, commonNameKey: string): Promise<boolean>
  /** In the order of their names. */
  listOf(kind: CaKind, operatorIds: readonly string[]): Promise<readonly EndEntity[]>
}
