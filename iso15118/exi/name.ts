/** A qualified name as one object that is made once, so that identity is equality on the hot path. */
export interface ExiName {
  readonly namespace: string
  readonly name: string
}

/** Gives the same object for the same name. */
export class NameTable {
  readonly #names = new Map<string, ExiName>()

  name(namespace: string, name: string): ExiName {
    const key = `{${namespace}}${name}`
    const known = this.#names.get(key)
    if (known !== undefined) return known
    const made = Object.freeze({ namespace, name })
    this.#names.set(key, made)
    return made
  }
}
