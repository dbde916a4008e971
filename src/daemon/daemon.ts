import { messageOf } from '../core/error.ts'
import type { Clock } from '../platform/clock.ts'
import type { Config } from '../platform/config.ts'
import { bugFields, type Log } from '../platform/log.ts'
import { peerLookup } from '../platform/peer.ts'
import { ensureSocketSecret } from '../platform/socket-secret.ts'
import { compose } from './compose.ts'
import { createApp } from './http/app.ts'
import { lockDaemon } from './lock.ts'
import type { Taken } from './secrets-environment.ts'
import { createHttpServer, credentialOf, tellTokens } from './server.ts'
import { openSocket, type SocketServer } from './socket.ts'
import type { Supervised } from './supervised.ts'
import { installedVersion } from '../platform/version.ts'

export interface DaemonOptions {
  readonly config: Config
  readonly log: Log
  readonly clock: Clock
  readonly home: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** What was taken out of it, because it holds secrets. */
  readonly taken?: Taken
  readonly watch: Supervised
}

const IDLE_CHECK_MS = 1000

/** Runs the daemon until it is told to end: lock, rooms, socket; and backwards. */
export async function runDaemon(options: DaemonOptions): Promise<void> {
  const { config, log, clock, home, environment, watch, taken } = options
  const { values } = config
  const lock = lockDaemon(values['paths.runtime'], { supervisor: process.ppid })
  // once the lock is ours: until then the runs on disk are another daemon's, and not our supervisor's to end
  const failures = await watch.begin({
    runtimeDirectory: values['paths.runtime'],
    stateDirectory: values['paths.state'],
    hungAfterMs: values['daemon.hung_after'],
  })
  const secret = ensureSocketSecret(values['paths.keys'])
  const wire: { socket?: SocketServer } = {}
  const house = await compose({
    config,
    log,
    clock,
    home,
    environment,
    ...(taken === undefined ? {} : { taken }),
    failures,
    version: installedVersion().version,
    listenAgent: (path, name, uid) => wire.socket!.listenAgent(path, name, uid),
    socketFacts: () => ({
      path: values['paths.socket'],
      peerUid: wire.socket?.facts().peerUid === 'in force',
    }),
  })
  const peerOf = (socket: unknown) => wire.socket?.peerOf(socket)
  const bug = (error: unknown) => log.error(`unexpected: ${messageOf(error)}`, bugFields(error))
  const app = createApp({
    handlers: house.handlers,
    version: installedVersion().version,
    credentialOf: (request) => {
      const credential = credentialOf(request, peerOf)
      // a token that is nobody's is told of, whatever it is shown for
      if (credential.kind === 'peer' && credential.session !== undefined) house.rooms.identify(credential)
      return credential
    },
    admitAgent: house.admitAgent,
    notForAgent: house.notForAgent,
    bug,
  })
  // before anybody asks whether there is such a call
  const told: typeof app = (request, response) => {
    tellTokens(request, peerOf(request.socket), house.shown)
    app(request, response)
  }
  const http = createHttpServer({ app: told, peerOf, attaching: { open: house.attachRun, bug } })
  wire.socket = await openSocket({
    path: values['paths.socket'],
    secret,
    http: http.server,
    clock,
    peers: peerLookup(),
    isAuthOff: values['auth.mode'] === 'off',
  })
  watch.ready()
  log.info('ready', { socket: values['paths.socket'], pid: process.pid })

  await toldToEnd(log, () => house.reloadPolicy(), [
    idle(wire.socket, house.isBusy, values['daemon.idle_timeout'], clock),
    // nobody would end our agents if we hung: so they end now, and we with them
    watch.lost,
  ])
  watch.ending()
  const overdue = setTimeout(() => {
    log.error('did not drain in time; everything that still runs is ended with this process')
    process.exit(1)
  }, values['daemon.drain_timeout'])
  const closing = wire.socket.close() // waits for its connections, and they for us
  await house.close()
  await http.relayed()
  wire.socket.destroy()
  await closing
  http.server.close()
  lock.close()
  clearTimeout(overdue)
  log.info('ended')
}

/** Resolves at SIGTERM or SIGINT, or with the first of the other reasons; SIGHUP reads the policy again. */
function toldToEnd(
  log: Log,
  reload: () => Promise<void>,
  reasons: readonly Promise<string>[],
): Promise<void> {
  process.on('SIGHUP', () => {
    reload().catch((error: unknown) => log.error(`the policy was not reloaded: ${messageOf(error)}`))
  })
  return new Promise((resolve) => {
    const end = (why: string) => {
      log.info(`ending: ${why}`)
      resolve()
    }
    process.on('SIGTERM', () => end('SIGTERM'))
    process.on('SIGINT', () => end('SIGINT'))
    for (const reason of reasons) void reason.then(end)
  })
}

function idle(socket: SocketServer, isBusy: () => boolean, limitMs: number, clock: Clock): Promise<string> {
  if (limitMs === 0) return new Promise(() => undefined)
  return new Promise((resolve) => {
    let since = clock.monotonicMs()
    const timer = setInterval(() => {
      const now = clock.monotonicMs()
      if (isBusy() || socket.facts().connections > 0) since = now
      if (now - since < limitMs) return
      clearInterval(timer)
      resolve('nothing to do')
    }, IDLE_CHECK_MS).unref()
  })
}
