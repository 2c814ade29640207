/**
 * Writes `iso15118/schema/*.generated.ts` and `iso15118/messages/*.generated.ts` from the XSDs of ISO 15118, which are
 * not part of this project: `node tools/generate-schemas.ts [DIRECTORY]`, by default `../shared/schemas/iso15118`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { messageTypes } from './message-types.ts'
import { buildSchema } from './xsd/build-schema.ts'
import { readSchemaSet } from './xsd/schema-set.ts'

const BANNER = '/** Made by tools/generate-schemas.ts; changes belong there. */\n'

/** What is generated: the schema that is read first, and whether it has message types of its own. */
const SCHEMAS = [
  { name: 'iso2', entry: 'iso2/V2G_CI_MsgDef.xsd', types: true },
  { name: 'iso20', entry: 'iso20/V2G_CI_CommonMessages.xsd', types: false },
  { name: 'xmldsig', entry: 'xmldsig-core-schema.xsd', types: false },
] as const

/** The generated files, by their path in the project. */
export function generateSchemas(directory: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  for (const { name, entry, types } of SCHEMAS) {
    const schema = buildSchema(readSchemaSet(entry, (path) => readFileSync(join(directory, path), 'utf8')))
    files.set(
      `iso15118/schema/${name}.generated.ts`,
      `${BANNER}import type { Schema } from './schema.ts'\n\nexport const ${name}: Schema = ${JSON.stringify(schema)}\n`,
    )
    if (types) files.set(`iso15118/messages/${name}.generated.ts`, BANNER + messageTypes(schema))
  }
  return files
}

if (import.meta.main) {
  const project = fileURLToPath(new URL('..', import.meta.url))
  const directory = process.argv[2] ?? join(project, '../shared/schemas/iso15118')
  for (const [path, text] of generateSchemas(directory)) {
    writeFileSync(join(project, path), text)
    console.log(`${path}: ${text.length} characters`)
  }
}
