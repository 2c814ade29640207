/** How an engine spells what a table is made of, so that one text makes the same table on both. */
export interface Ddl {
  /** Compared and sorted by code point. */
  readonly text: string
  /** 64 bit; it is read as a number. */
  readonly integer: string
  readonly bytes: string
  /** A primary key that the database allocates, rising. */
  readonly sequence: string
  /** After the closing bracket of a table. */
  readonly strict: string
  /** The same for a table of small rows that is only looked up by its primary key. */
  readonly strictByKey: string
}

/** The statements that lead from one version of the schema to the next. One that has shipped is never edited. */
export type Migration = (ddl: Ddl) => readonly string[]

export const SQLITE_DDL: Ddl = {
  text: 'TEXT',
  integer: 'INTEGER',
  bytes: 'BLOB',
  sequence: 'INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT',
  strict: 'STRICT',
  strictByKey: 'STRICT, WITHOUT ROWID',
}

export const POSTGRES_DDL: Ddl = {
  text: 'TEXT COLLATE "C"',
  integer: 'BIGINT',
  bytes: 'BYTEA',
  sequence: 'BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY',
  strict: '',
  strictByKey: '',
}
