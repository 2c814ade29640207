import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const DOCUMENTS = [
  'README.md',
  'ARCHITECTURE.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'docs/ceremony.md',
  'docs/inspect.md',
  'docs/pki-explain.md',
]

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}

describe.each(DOCUMENTS)('%s', (document) => {
  test('links to what is there', () => {
    const targets = [...read(document).matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target = '']) => target)
    expect(targets.filter((target) => !existsSync(join(ROOT, dirname(document), target)))).toEqual([])
  })

  test('names files of the project that are there', () => {
    const names = [...read(document).matchAll(/`([\w-]+\/[\w./*-]+\.(?:ts|js|yaml|md))`/g)].map(
      ([, name = '']) => name,
    )
    expect(names.filter((name) => globSync(name, { cwd: ROOT }).length === 0)).toEqual([])
  })
})

test('ARCHITECTURE.md gives a reason for each dependency, and for no other', () => {
  const { dependencies, optionalDependencies, devDependencies }: PackageFile = JSON.parse(
    read('package.json'),
  )
  const rows = read('ARCHITECTURE.md').match(/^\| `[^|]*\|[^|]*\|$/gm) ?? []
  const explained = rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  )
  expect(explained.toSorted()).toEqual(
    [dependencies, optionalDependencies, devDependencies].flatMap(Object.keys).toSorted(),
  )
})

test('ARCHITECTURE.md has every folder in its table', () => {
  const folders = globSync('*/index.ts', { cwd: ROOT }).map((door) => `| \`${dirname(door)}/\``)
  const architecture = read('ARCHITECTURE.md')
  expect(folders.filter((folder) => !architecture.includes(folder))).toEqual([])
})

interface PackageFile {
  readonly dependencies: Readonly<Record<string, string>>
  readonly optionalDependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}
