import { PostgresAdapter, sql } from 'kysely'

import type { Database } from '../storage/database.ts'

/** Rows per statement: fewer than 1,000 parameters for the widest table, and a few megabytes of bundles. */
const ROWS_PER_BATCH = 100

/** Others refer to their rows. */
const FIRST = ['participant', 'webhook_endpoint', 'pairing']

/** The database numbers these rows as they come. */
const NUMBERED: Readonly<Record<string, string>> = { webhook_event: 'position' }

export interface WholeTable {
  readonly table: string
  /** Without one that the database fills in. */
  readonly columns: readonly string[]
  /** The first column of the primary key. */
  readonly orderedBy: string
}

type Row = Readonly<Record<string, unknown>>

/** The name of the last migration. */
export async function schemaOf(database: Database): Promise<string> {
  const last = await sql<{
    name: string
  }>`SELECT name FROM kysely_migration ORDER BY name DESC LIMIT 1`.execute(database)
  return last.rows[0]?.name ?? ''
}

/** Every table there is, in an order in which rows can be added. */
export async function wholeTables(database: Database): Promise<readonly WholeTable[]> {
  const tables = await database.introspection.getTables()
  return tables
    .map(({ name, columns }) =>
      wholeTable(
        name,
        columns.map((column) => column.name),
      ),
    )
    .toSorted((one, other) => rank(one.table) - rank(other.table) || (one.table < other.table ? -1 : 1))
}

function wholeTable(table: string, columns: readonly string[]): WholeTable {
  const [orderedBy = ''] = columns
  return { table, columns: columns.filter((column) => column !== NUMBERED[table]), orderedBy }
}

function rank(table: string): number {
  const index = FIRST.indexOf(table)
  return index === -1 ? FIRST.length : index
}

/** Runs `work` on the database as it is at this moment. Others go on writing. */
export async function atOneMoment<T>(database: Database, work: (moment: Database) => Promise<T>): Promise<T> {
  return await database.connection().execute(async (connection) => {
    const begin = isPostgres(connection)
      ? sql`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`
      : sql`BEGIN DEFERRED`
    await begin.execute(connection)
    try {
      return await work(connection)
    } finally {
      await sql`ROLLBACK`.execute(connection)
    }
  })
}

/** All rows of a table, some at a time, by its key. To be used {@link atOneMoment}. */
export function rowsOf(moment: Database, table: WholeTable): AsyncIterable<readonly Row[]> {
  return isPostgres(moment) ? fetched(moment, table) : iterated(moment, table)
}

async function* fetched(moment: Database, { table, orderedBy }: WholeTable): AsyncGenerator<readonly Row[]> {
  await sql`DECLARE whole_table CURSOR FOR SELECT * FROM ${sql.table(table)} ORDER BY ${sql.ref(orderedBy)}`.execute(
    moment,
  )
  for (;;) {
    const { rows } = await sql<Row>`FETCH ${sql.lit(ROWS_PER_BATCH)} FROM whole_table`.execute(moment)
    if (rows.length === 0) break
    yield rows
  }
  await sql`CLOSE whole_table`.execute(moment)
}

async function* iterated(moment: Database, { table, orderedBy }: WholeTable): AsyncGenerator<readonly Row[]> {
  const query = moment
    .selectFrom(sql<Record<string, unknown>>`${sql.table(table)}`.as('whole'))
    .selectAll()
    .orderBy(sql.ref(orderedBy))
  let rows: Row[] = []
  for await (const row of query.stream()) {
    if (rows.push(row) < ROWS_PER_BATCH) continue
    yield rows
    rows = []
  }
  if (rows.length > 0) yield rows
}

/** Adds rows in batches. */
export class RowWriter {
  readonly #database: Database
  readonly #table: WholeTable
  readonly #parents: { readonly id: unknown; readonly parent: unknown }[] = []
  #rows: (readonly unknown[])[] = []

  constructor(database: Database, table: WholeTable) {
    this.#database = database
    this.#table = table
  }

  /** @param row values in the order of the table's columns */
  async add(row: readonly unknown[]): Promise<void> {
    this.#rows.push(this.#table.table === 'participant' ? this.#withoutParent(row) : row)
    if (this.#rows.length === ROWS_PER_BATCH) await this.#flush()
  }

  async end(): Promise<void> {
    await this.#flush()
    for (const { id, parent } of this.#parents)
      await sql`UPDATE participant SET parent_id = ${parent} WHERE participant_id = ${id}`.execute(
        this.#database,
      )
  }

  /** A parent may come after its child: it is entered when all are there. */
  #withoutParent(row: readonly unknown[]): readonly unknown[] {
    const { columns } = this.#table
    const at = columns.indexOf('parent_id')
    if (row[at] === null) return row
    this.#parents.push({ id: row[columns.indexOf('participant_id')], parent: row[at] })
    return row.with(at, null)
  }

  async #flush(): Promise<void> {
    if (this.#rows.length === 0) return
    const { table, columns } = this.#table
    const names = sql.join(columns.map((column) => sql.ref(column)))
    const rows = sql.join(this.#rows.map((row) => sql`(${sql.join(row)})`))
    await sql`INSERT INTO ${sql.table(table)} (${names}) VALUES ${rows}`.execute(this.#database)
    this.#rows = []
  }
}

function isPostgres(database: Database): boolean {
  return database.getExecutor().adapter instanceof PostgresAdapter
}
