import { collector, inputOf, type Backend, type LibraryWorld } from '../client/library.ts'
import { ENDPOINTS } from '../api/endpoints.ts'
import { KnownError } from '../core/error.ts'
import { createLog } from '../platform/log.ts'
import { peerLookup } from '../platform/peer.ts'
import { ensureSocketSecret } from '../platform/socket-secret.ts'
import { installedVersion } from '../platform/version.ts'
import { redactSecrets } from '../record/audit/index.ts'
import { compose } from './compose.ts'
import { createApp } from './http/app.ts'
import type { Caller } from './http/app.ts'
import { lockDaemon } from './lock.ts'
import { createHttpServer, credentialOf } from './server.ts'
import { SocketServer } from './socket.ts'

/** A whole Warder in this process: no owner's socket, the same gate. It and a daemon of this user exclude each other. */
export async function callInProcess({ config, clock, home, environment }: LibraryWorld): Promise<Backend> {
  const { values } = config
  const lock = lockDaemon(values['paths.runtime'], { listens: false })
  const version = installedVersion().version
  const log = createLog({
    level: 'error',
    now: () => clock.now(),
    write: (line) => process.stderr.write(line),
    redact: redactSecrets,
  })
  const wire: { socket?: SocketServer } = {}
  const house = await compose({
    config,
    log,
    clock,
    home,
    environment,
    version,
    listenAgent: (path, name, uid) => wire.socket!.listenAgent(path, name, uid),
    // of the owner's socket there is none; the agents' sockets ask the kernel where it can be asked
    socketFacts: () => ({ path: 'in this process', peerUid: wire.socket?.facts().peerUid === 'in force' }),
  }).catch((error: unknown) => {
    lock.close()
    throw error
  })
  const peerOf = (socket: unknown) => wire.socket?.peerOf(socket)
  const bug = (error: unknown) => log.error(`unexpected: ${String(error)}`)
  const app = createApp({
    handlers: house.handlers,
    version,
    credentialOf: (request) => credentialOf(request, peerOf),
    notForAgent: house.notForAgent,
    bug,
  })
  const http = createHttpServer({ app, peerOf, attaching: { open: house.attachRun, bug } })
  // only agents' sockets are opened: the owner is this process
  wire.socket = new SocketServer({
    path: values['paths.socket'],
    secret: ensureSocketSecret(values['paths.keys']),
    http: http.server,
    clock,
    peers: peerLookup(),
  })
  const caller = (): Caller => ({ credential: { kind: 'library' }, signal: new AbortController().signal })
  return {
    async call(name, input) {
      const { input: shape, output } = ENDPOINTS[name]
      const handle = house.handlers[name] as (input: unknown, caller: Caller) => unknown
      return output.parse(await handle(shape.parse(input), caller())) as never
    },
    async run(request, input) {
      const prepared = await house.runs.prepare({ kind: 'library' }, ENDPOINTS.open.input.parse(request))
      const running = await house.runs.open(prepared.permit.token)
      const out = collector()
      const err = collector()
      running.stdout.pipe(out.stream)
      running.stderr.pipe(err.stream)
      inputOf(input).pipe(running.stdin)
      const exit = await running.exit
      if (exit.reason === 'sandbox-failed')
        throw new KnownError({ SANDBOX_FAILED: { kind: 'unavailable', meaning: '' } }, 'SANDBOX_FAILED', {
          what: exit.note ?? 'the sandbox failed',
          fix: 'warder doctor',
        })
      return { ...exit, stdout: out.bytes(), stderr: err.bytes() }
    },
    async close() {
      await house.close()
      await wire.socket?.close()
      wire.socket?.destroy()
      lock.close()
    },
  }
}
