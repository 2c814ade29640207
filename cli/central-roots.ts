import { Option, type Command } from 'commander'

import { base64FromBytes } from '#base'
import { OPERATIONS, ROOT_TYPES, type RootCert } from '#opcp'
import { readCertificate } from '#pki'

import { askCentral, withCentral, type CentralOptions } from './central-connection.ts'
import { unusableInput } from './failure.ts'
import type { CommandIo } from './io.ts'
import { jsonText, membersText, tableText } from './table.ts'

const { getRootCerts, putRootCert, deleteRootCert } = OPERATIONS

/** Adds `evouch central roots`. */
export function addRootCommands(parent: Command, io: CommandIo): void {
  const group = parent
    .command('roots')
    .description('Administer the root certificates that a running central trusts.')
    .addHelpText(
      'after',
      '\nExample:\n  evouch central roots add v2g-root.pem --type V2G' +
        ' \\\n    --central https://localhost:7401 --client-id evouch-admin --client-secret-file secrets/admin --ca tls-ca.pem',
    )
  const list = group
    .command('list')
    .description('List all roots, or those of one type.')
    .addOption(typeOption())
  withCentral(list).action((options: CentralOptions & { readonly type?: string }) => listRoots(options, io))
  const add = group
    .command('add')
    .description('Trust a root; one that is there already stays as it is.')
    .argument('<file>', 'the certificate, PEM')
    .addOption(typeOption().makeOptionMandatory())
  withCentral(add).action(async (file: string, options: CentralOptions & { readonly type: string }) => {
    const certificate = await readCertificate(file).catch((error: unknown) => {
      throw unusableInput(error)
    })
    const body = { caCertificate: base64FromBytes(certificate.der), rootType: options.type }
    const question = { operation: putRootCert, answer: putRootCert.answers[200], body }
    const { RootResponse: root } = await askCentral(options, question)
    io.writeOutput(options.json === true ? jsonText(root) : membersText(rowOf(root)))
  })
  const remove = group
    .command('remove')
    .description('Trust a root no longer. What is stored below it stays, but nothing new is accepted.')
    .argument('<id>', 'as list gives it')
  withCentral(remove).action(async (id: string, options: CentralOptions) => {
    const question = { operation: deleteRootCert, answer: deleteRootCert.answers[200], parameter: id }
    await askCentral(options, question)
    io.writeOutput(options.json === true ? jsonText({}) : `${id} is removed\n`)
  })
}

function typeOption(): Option {
  return new Option('--type <type>', 'what it vouches for').choices(ROOT_TYPES)
}

async function listRoots(options: CentralOptions & { readonly type?: string }, io: CommandIo): Promise<void> {
  const query = { rootType: options.type?.toLowerCase() }
  const question = { operation: getRootCerts, answer: getRootCerts.answers[200], query }
  const { rootCertificates } = (await askCentral(options, question)).RootCertificateCollection
  io.writeOutput(options.json === true ? jsonText(rootCertificates) : tableText(rootCertificates.map(rowOf)))
}

function rowOf(root: RootCert) {
  return {
    ID: root.rootCertificateId,
    TYPE: root.rootType,
    NAME: root.commonName,
    UNTIL: root.validTo,
    'SHA-256': root.fingerprint,
  }
}
