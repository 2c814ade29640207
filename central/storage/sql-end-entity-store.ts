import { Compile } from 'typebox/compile'

import { EndEntity, type CaKind } from '#opcp'

import type { EndEntityStore } from '../est/end-entity-store.ts'
import type { Database } from './database.ts'

const endEntity = Compile(EndEntity)

export class SqlEndEntityStore implements EndEntityStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async put(entity: Parameters<EndEntityStore['put']>[0]): Promise<void> {
    const row = {
      kind: entity.kind,
      common_name_key: entity.commonNameKey,
      operator_id: entity.operatorId,
      registration: JSON.stringify(entity.registration),
      registered_at_ms: entity.registeredAtMs,
    }
    await this.#database
      .insertInto('end_entity')
      .values(row)
      .onConflict((conflict) => conflict.columns(['kind', 'common_name_key']).doUpdateSet(row))
      .execute()
  }

  async isRegistered(kind: CaKind, commonNameKey: string): Promise<boolean> {
    const row = await this.#database
      .selectFrom('end_entity')
      .select('kind')
      .where('kind', '=', kind)
      .where('common_name_key', '=', commonNameKey)
      .executeTakeFirst()
    return row !== undefined
  }

  async listOf(kind: CaKind, operatorIds: readonly string[]): Promise<readonly EndEntity[]> {
    if (operatorIds.length === 0) return []
    const rows = await this.#database
      .selectFrom('end_entity')
      .select('registration')
      .where('kind', '=', kind)
      .where('operator_id', 'in', [...operatorIds])
      .orderBy('common_name_key')
      .execute()
    return rows.map(({ registration }) => registrationOf(registration))
  }
}

function registrationOf(text: string): EndEntity {
  const value: unknown = JSON.parse(text)
  if (!endEntity.Check(value)) throw new TypeError('a registration that is none')
  return value
}
