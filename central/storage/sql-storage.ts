import { setTimeout } from 'node:timers/promises'

import { Kysely } from 'kysely'

import type { Leadership, Storage, Stores, UnitOfWork } from '../storage-port.ts'
import type { Database } from './database.ts'
import type { Engine } from './engine.ts'
import { migrate } from './migrations.ts'
import { SqlAuditStore } from './sql-audit-store.ts'
import { SqlContractStore } from './sql-contract-store.ts'
import { SqlEndEntityStore } from './sql-end-entity-store.ts'
import { SqlEndpointStore } from './sql-endpoint-store.ts'
import { SqlErasureStore } from './sql-erasure-store.ts'
import { SqlIdempotencyStore } from './sql-idempotency-store.ts'
import { SqlIssuedStore } from './sql-issued-store.ts'
import { SqlOutboxStore } from './sql-outbox-store.ts'
import { SqlPendingRootStore } from './sql-pending-root-store.ts'
import { SqlProvisioningStore } from './sql-provisioning-store.ts'
import { SqlRegistryStore } from './sql-registry-store.ts'
import { SqlRootStore } from './sql-root-store.ts'
import { SqlTrustListStore } from './sql-trust-list-store.ts'
import type { Tables } from './tables.ts'

/** Two transactions in a deadlock cannot both be its victim, so few attempts do. */
const ATTEMPTS_MAX = 5
/** Lets the other transaction of a deadlock get ahead; longer with each attempt. */
const RETRY_DELAY_MS = 10

/** The stores in SQL, one text for both engines. */
export class SqlStorage implements Storage {
  readonly stores: Stores
  /** For what works on whole tables, such as export and migration. */
  readonly database: Database
  readonly #engine: Engine

  private constructor(engine: Engine) {
    this.#engine = engine
    this.database = new Kysely<Tables>({ dialect: engine.dialect })
    this.stores = storesOf(this.database)
  }

  /** Opens a database and brings it to the present schema. */
  static async open(engine: Engine): Promise<SqlStorage> {
    const storage = new SqlStorage(engine)
    try {
      await storage.#migrate()
      return storage
    } catch (error) {
      await storage[Symbol.asyncDispose]()
      throw error
    }
  }

  async transaction<T>(work: (unit: UnitOfWork) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.database.transaction().execute((transaction) => work(storesOf(transaction)))
      } catch (error) {
        if (attempt === ATTEMPTS_MAX || !this.#engine.isTransient(error)) throw error
        await setTimeout(attempt * RETRY_DELAY_MS)
      }
    }
  }

  tryLead(): Promise<Leadership | undefined> {
    return this.#engine.tryLead()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.database.destroy()
  }

  async #migrate(): Promise<void> {
    const { ddl, patientDialect } = this.#engine
    await using patient = patientDialect && new Kysely<Tables>({ dialect: patientDialect })
    await migrate(patient ?? this.database, ddl)
  }
}

function storesOf(database: Database): Stores {
  return {
    roots: new SqlRootStore(database),
    pendingRoots: new SqlPendingRootStore(database),
    trustLists: new SqlTrustListStore(database),
    vehicles: new SqlProvisioningStore(database),
    contracts: new SqlContractStore(database),
    issued: new SqlIssuedStore(database),
    endEntities: new SqlEndEntityStore(database),
    registry: new SqlRegistryStore(database),
    idempotency: new SqlIdempotencyStore(database),
    endpoints: new SqlEndpointStore(database),
    outbox: new SqlOutboxStore(database),
    audit: new SqlAuditStore(database),
    erasure: new SqlErasureStore(database),
  }
}
