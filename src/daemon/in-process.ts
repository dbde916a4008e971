import { finished } from 'node:stream/promises'
import type { RunExit } from '../client/attach.ts'
import { collector, inputOf, type Backend, type LibraryWorld } from '../client/library.ts'
import { ENDPOINTS } from '../api/endpoints.ts'
import { KnownError } from '../core/error.ts'
import { createLog, type Log } from '../platform/log.ts'
import { peerLookup } from '../platform/peer.ts'
import { ensureSocketSecret } from '../platform/socket-secret.ts'
import { installedVersion } from '../platform/version.ts'
import { compose } from './compose.ts'
import type { House } from './house.ts'
import { createApp } from './http/app.ts'
import type { Caller } from './http/app.ts'
import { lockDaemon, type DaemonLock } from './lock.ts'
import { redactorOfProcess } from './redaction.ts'
import { createHttpServer, credentialOf, type HttpServer } from './server.ts'
import { SocketServer } from './socket.ts'

/** A whole Warder in this process: no owner's socket, the same gate. It and a daemon of this user exclude each other. */
export async function callInProcess(world: LibraryWorld): Promise<Backend> {
  const lock = lockDaemon(world.config.values['paths.runtime'], { listens: false })
  try {
    return await open(world, lock)
  } catch (error) {
    lock.close() // last: as long as anything of this Warder works, no other may
    throw error
  }
}

interface Wire {
  readonly socket: SocketServer
  readonly http: HttpServer
}

async function open(world: LibraryWorld, lock: DaemonLock): Promise<Backend> {
  const { config, clock, home, environment } = world
  const log = createLog({
    level: 'error',
    now: () => clock.now(),
    write: (line) => process.stderr.write(line),
    redact: redactorOfProcess(),
  })
  const late: { wire?: Wire } = {}
  const house = await compose({
    config,
    log,
    clock,
    home,
    environment,
    version: installedVersion().version,
    listenAgent: (path, name, uid) => late.wire!.socket.listenAgent(path, name, uid),
    // of the owner's socket there is none; the agents' sockets ask the kernel where it can be asked
    socketFacts: () => ({
      path: 'in this process',
      peerUid: late.wire?.socket.facts().peerUid === 'in force',
    }),
  })
  try {
    late.wire = agentSockets(world, house, log)
  } catch (error) {
    await house.close()
    throw error
  }
  return backendOf(house, late.wire, lock)
}

/** Only agents' sockets are opened: the owner is this process. */
function agentSockets({ config: { values }, clock }: LibraryWorld, house: House, log: Log): Wire {
  const wire: { socket?: SocketServer } = {}
  const peerOf = (socket: unknown) => wire.socket?.peerOf(socket)
  const bug = (error: unknown) => log.error(`unexpected: ${String(error)}`)
  const app = createApp({
    handlers: house.handlers,
    version: installedVersion().version,
    credentialOf: (request) => credentialOf(request, peerOf),
    admitAgent: house.admitAgent,
    notForAgent: house.notForAgent,
    bug,
  })
  const secret = ensureSocketSecret(values['paths.keys'])
  const http = createHttpServer({ app, peerOf, attaching: { open: house.attachRun, bug } })
  wire.socket = new SocketServer({
    path: values['paths.socket'],
    secret,
    http: http.server,
    clock,
    peers: peerLookup(),
  })
  return { socket: wire.socket, http }
}

function backendOf(house: House, { socket, http }: Wire, lock: DaemonLock): Backend {
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
      await house.runs.isRecorded(running)
      if (exit.reason === 'sandbox-failed')
        throw new KnownError({ SANDBOX_FAILED: { kind: 'unavailable', meaning: '' } }, 'SANDBOX_FAILED', {
          what: exit.note ?? 'the sandbox failed',
          fix: 'warder doctor',
        })
      return { ...exit, stdout: out.bytes(), stderr: err.bytes() }
    },
    async runInside(request, input) {
      const { permit } = await house.handlers.execIn(ENDPOINTS.execIn.input.parse(request), caller())
      const command = await house.attachRun(permit)
      const out = collector()
      const err = collector()
      command.stdout.pipe(out.stream)
      command.stderr?.pipe(err.stream)
      for await (const chunk of inputOf(input)) await command.write(chunk as Buffer)
      command.endInput()
      const exit = (await command.exit) as unknown as RunExit
      await Promise.all([
        finished(out.stream),
        ...(command.stderr === undefined ? [] : [finished(err.stream)]),
      ])
      return { ...exit, stdout: out.bytes(), stderr: err.bytes() }
    },
    async close() {
      await house.close()
      await socket.close()
      socket.destroy()
      http.server.close()
      lock.close()
    },
  }
}
