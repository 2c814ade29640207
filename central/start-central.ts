import { isDeepStrictEqual } from 'node:util'

import { codeOf, messageOf, type Clock, type RandomBytes } from '#base'
import { PathRevocation, revocationLog } from '#pki'
import { readSecret, type Logger } from '#service'

import { serveErasures } from './admin/erasure-routes.ts'
import { serveRootApproval } from './admin/root-routes.ts'
import { serveAdmin } from './admin/serve-admin.ts'
import { serveAudit } from './audit/audit-routes.ts'
import { Denials } from './audit/denials.ts'
import { recordDenials } from './audit/record-denials.ts'
import { serveCcp } from './ccp/ccp-routes.ts'
import { ContractEnding } from './ccp/contract-ending.ts'
import { ContractPool } from './ccp/contract-pool.ts'
import { ContractProvision } from './ccp/contract-provision.ts'
import { ContractRevocation } from './ccp/contract-revocation.ts'
import { ContractVerification } from './ccp/contract-verification.ts'
import { Deliveries } from './ccp/deliveries.ts'
import { DeliveryChoice } from './ccp/delivery-choice.ts'
import { InstallationService } from './ccp/installation.ts'
import type { CentralConfig } from './config.ts'
import { serveCps } from './cps/cps-routes.ts'
import { CpsSigners } from './cps/cps-signers.ts'
import { ProvisioningService, type ContractAuthority } from './cps/provisioning-service.ts'
import { contractAuthorityOf } from './est/contract-authority.ts'
import { Issuance } from './est/issuance.ts'
import { IssuedRecords } from './est/issued-records.ts'
import type { OperatorCas } from './est/operator-ca.ts'
import { servePki } from './est/serve-pki.ts'
import { openPeers } from './federation/open-peers.ts'
import { PeerPools } from './federation/peer-pools.ts'
import { serveWritesOnce } from './http/idempotency.ts'
import { limitRequests } from './http/request-limits.ts'
import { createHttpsServer, replaceTls, requireReplaceableTls } from './http/server.ts'
import { runAsLeader } from './leader.ts'
import { openLiveParts, type LiveConfig } from './live-config.ts'
import { TokenAuthority } from './oauth/token-authority.ts'
import { openTokenKey } from './oauth/token-key.ts'
import { serveTokens } from './oauth/token-route.ts'
import { serveOpenApi } from './openapi/openapi-routes.ts'
import { collectRoutes } from './openapi/served-routes.ts'
import { servePcp } from './pcp/pcp-routes.ts'
import { ProvisioningPool } from './pcp/provisioning-pool.ts'
import type { OnProfileRemark } from './rcp/profile-check.ts'
import { serveRcp } from './rcp/rcp-routes.ts'
import { RootApproval } from './rcp/root-approval.ts'
import { RootPool, type PathRecords } from './rcp/root-pool.ts'
import { serveTrustLists } from './rcp/trust-list-route.ts'
import { openTrustListSigner } from './rcp/trust-list-signer.ts'
import { TrustLists } from './rcp/trust-lists.ts'
import { ClientDirectory } from './registry/client-directory.ts'
import { enterConfigClients } from './registry/config-clients.ts'
import { CentralError } from './start-error.ts'
import type { Storage } from './storage-port.ts'
import { openStorage } from './storage/open-storage.ts'
import { sweepExpiredContracts, sweepRevokedContracts } from './sweeps/contract-expiry.ts'
import { sweepRetention } from './sweeps/retention.ts'
import { sweepExpiredRoots } from './sweeps/root-expiry.ts'
import { sweepHourly } from './sweeps/sweeps.ts'
import { sweepEndedVehicles } from './sweeps/vehicles.ts'
import { openWebhooks } from './webhooks/open-webhooks.ts'
import { serveWebhooks } from './webhooks/webhook-routes.ts'

export interface CentralPorts {
  readonly logger: Logger
  readonly clock: Clock
  readonly random: RandomBytes
}

export interface Central extends AsyncDisposable {
  /** `https://host:port`, with the port that is listened on. */
  readonly url: string
  /**
   * Reads TLS certificate, clients, CPS signers and operator CAs again, without interrupting anything: by the members given,
   * else by those of before. When one cannot be used, all stay as they were. Keys that are replaced are closed when central
   * stops, as they may be signing. Tokens and connections of before live on.
   *
   * @throws {CentralError}, ConfigError, PkiError, HsmError as {@link startCentral}
   */
  reload(changed: Partial<LiveConfig>): Promise<void>
}

/**
 * Starts the pools. Resolves when they listen; disposing waits for the requests under way, then closes the database.
 *
 * @throws {CentralError}
 * @throws ConfigError, PkiError, HsmError when a file or key of the config cannot be used
 */
export async function startCentral(config: CentralConfig, ports: CentralPorts): Promise<Central> {
  await using resources = new AsyncDisposableStack()
  const { logger, clock, random } = ports
  const keys = resources.use(new AsyncDisposableStack())
  const live = await openLiveParts(config, keys)
  const { cas } = live
  let { tls, contractCa } = live
  let current: LiveConfig = config
  logRemarks(cas, logger)
  const key = await openTokenKey(config.token.keyFile)

  const storage = resources.use(await openDatabase(config))
  const { registry } = storage.stores
  await storage.stores.audit.begin(config.token.audience)
  await enterConfigClients(live.clients.entries, { storage, nowMs: clock() })
  const clients = new ClientDirectory({ store: registry, clock, configSecrets: live.clients.secrets })
  const revocation = resources.use(
    await PathRevocation.open(config.revocation, { clock, ...revocationLog(logger) }),
  )
  const { issued } = storage.stores
  const records = new IssuedRecords({ cas, store: issued })
  const pools = createPools(storage, { ...ports, cas, revocation, records })
  const issuance = new Issuance({ storage, clock, random })
  const contractAuthority = (): ContractAuthority | undefined =>
    contractCa && contractAuthorityOf(contractCa, issuance)
  const signers = new CpsSigners({ signers: live.cpsSigners, roots: pools.roots, clock })
  logSigners(signers, logger)
  const service = new ProvisioningService({ pools, signers, contractAuthority, clock, random })
  const operatorRoot = (): string | undefined => signers.defaultRoot()
  const choice = new DeliveryChoice({ ...pools, operatorRoot, clock })
  const installations = new InstallationService({ ...pools, choice, settings: config.ccp, clock })
  const provision = new ContractProvision({ ...pools, choice })
  const deliveries = resources.use(new Deliveries({ storage, roots: pools.roots, ...ports }))
  const peers = new PeerPools({
    peers: await openPeers(config.peers, { clock, resources }),
    name: key.kid,
    verification: pools.verification,
    clock,
    random,
    onMiss: (peer, error) =>
      logger.warn({ peer, code: codeOf(error), reason: messageOf(error) }, 'a peer gave no usable answer'),
  })
  const authority = new TokenAuthority({ clients, key, ...config.token, clock })
  const tokenKeyFile = config.token.keyFile
  const webhooks = await openWebhooks(config.webhooks, { ...ports, storage, tokenKeyFile })
  const denials = resources.use(new Denials({ storage, clock, random, logger }))

  const app = createHttpsServer({ tls, logger, clock, random })
  resources.defer(() => app.close())
  const routes = collectRoutes(app)
  const audiences = [config.token.audience, ...config.token.audienceAliases]
  limitRequests(app, { limits: config.limits, clock })
  serveWritesOnce(app, { store: storage.stores.idempotency, clock, random })
  recordDenials(app, { denials, clients })
  serveTokens(app, {
    clients,
    authority,
    key,
    issuer: config.token.issuer,
    audiences,
    perSourceMax: config.limits.tokensPerSource,
    clock,
  })
  const approval = new RootApproval({ ...pools, storage, clock, random })
  serveRcp(app, {
    pool: pools.roots,
    add: config.rcp.fourEyes ? approval.propose.bind(approval) : pools.roots.add.bind(pools.roots),
    authentication: authority,
  })
  serveRootApproval(app, { approval, authentication: authority })
  serveTrustLists(app, {
    lists: new TrustLists({
      storage,
      signer: await openTrustListSigner(config.rcp, keys),
      issuer: config.token.audience,
      clock,
    }),
    authentication: authority,
  })
  servePcp(app, { pool: pools.vehicles, authentication: authority })
  serveCps(app, { ...pools, service, signers, authentication: authority })
  serveCcp(app, {
    ...pools,
    ...config.ccp,
    installations,
    peers,
    provision,
    deliveries,
    authentication: authority,
  })
  servePki(app, { cas, issuance, storage, authentication: authority, clock, random, logger })
  serveAdmin(app, { storage, clients, authentication: authority, clock, random })
  serveErasures(app, { storage, authentication: authority, clock, random })
  serveAudit(app, { storage, authentication: authority })
  serveWebhooks(app, { ...webhooks, authentication: authority })
  serveOpenApi(app, routes)

  const { host, port } = config.listen
  const url = await app.listen({ host, port }).catch((cause: unknown) => {
    const reason = codeOf(cause) ?? messageOf(cause)
    throw new CentralError('ERR_CENTRAL_LISTEN', `cannot listen on ${host}:${port}: ${reason}`, { cause })
  })
  logger.info({ url }, 'central listens')
  const sweeps = sweepHourly(
    {
      retention: () => sweepRetention({ storage, clock }),
      'root-expiry': () => sweepExpiredRoots({ ...pools, clock }),
      vehicles: (signal) => sweepEndedVehicles({ ...pools, storage }, signal),
      'contract-expiry': (signal) => sweepExpiredContracts({ ...pools, storage, clock, random }, signal),
      'contract-revocation': (signal) => sweepRevokedContracts({ ...pools, storage, clock, random }, signal),
    },
    { logger },
  )
  const tasks = [sweeps, (signal: AbortSignal) => webhooks.worker.run(signal)]
  resources.use(runAsLeader(storage, { tasks, logger }))
  const running = resources.move()
  return {
    url,
    reload: async (changed) => {
      await using opened = new AsyncDisposableStack()
      const wanted = { ...current, ...changed }
      const next = await openLiveParts(wanted, opened)
      const isOtherTls = !isDeepStrictEqual(tls, next.tls)
      if (isOtherTls) requireReplaceableTls(app)
      // The last that can fail.
      await enterConfigClients(next.clients.entries, { storage, nowMs: clock() })
      if (isOtherTls) replaceTls(app, next.tls)
      tls = next.tls
      current = wanted
      clients.replace(next.clients.secrets)
      cas.replace(next.cas)
      contractCa = next.contractCa
      signers.replace(next.cpsSigners)
      keys.use(opened.move())
      logRemarks(cas, logger)
      logSigners(signers, logger)
      logger.info('config read again')
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

function logRemarks({ all }: OperatorCas, logger: Logger): void {
  for (const { name, remarks } of all)
    for (const { code, message, source } of remarks)
      logger.info({ operatorCa: name, code, source }, `the certificate of the CA is unusual: ${message}`)
}

function logSigners(signers: CpsSigners, logger: Logger): void {
  for (const { state, signer } of signers.status()) {
    const { leaf, root, usableFromMs, usableUntilMs } = signer
    logger.info(
      {
        state,
        signer: leaf.distinguishedName,
        fingerprint: leaf.fingerprintSha256Hex,
        v2gRoot: root.distinguishedName,
        usableFrom: new Date(usableFromMs).toISOString(),
        usableUntil: new Date(usableUntilMs).toISOString(),
      },
      'CPS signer',
    )
  }
}

function createPools(
  storage: Storage,
  {
    clock,
    random,
    logger,
    cas,
    ...judges
  }: CentralPorts & {
    readonly cas: OperatorCas
    readonly revocation: PathRevocation
    readonly records: PathRecords
  },
): {
  roots: RootPool
  vehicles: ProvisioningPool
  contracts: ContractPool
  verification: ContractVerification
} {
  const onProfileRemark: OnProfileRemark = ({ certificate, profile, findings }) => {
    // The name of a vehicle's or contract's certificate is no matter for the log.
    const who = { issuer: certificate.issuer.text, fingerprint: certificate.fingerprintSha256Hex }
    for (const { code, message, source } of findings)
      logger.info({ ...who, profile, code, source }, `unusual certificate: ${message}`)
  }
  const roots = new RootPool({ storage, clock, random, onProfileRemark, ...judges })
  const contractRevocation = new ContractRevocation({ cas, clock })
  const ending = new ContractEnding({ revocation: contractRevocation, clock, random })
  const vehicles = new ProvisioningPool({ storage, roots, ending, clock, random })
  const verification = new ContractVerification({ roots, clock })
  const contracts = new ContractPool({
    storage,
    roots,
    verification,
    revocation: contractRevocation,
    clock,
    random,
  })
  return { roots, vehicles, contracts, verification }
}

async function openDatabase({ database: { url, password } }: CentralConfig): Promise<Storage> {
  return await openStorage({ url, password: password && (await readSecret(password)).reveal() })
}
