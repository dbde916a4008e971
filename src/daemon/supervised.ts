import { fstatSync } from 'node:fs'
import { Socket } from 'node:net'
import { KnownError, type ErrorCatalogue } from '../core/error.ts'
import {
  BEAT_MS,
  hearSupervisor,
  SUPERVISOR_FD,
  tell,
  type Place,
  type ToDaemon,
} from './supervisor-words.ts'

export const SUPERVISED_ERRORS = {
  SUPERVISOR_MISSING: {
    kind: 'unavailable',
    meaning: 'the daemon was started by hand as if by its supervisor, which is not there',
  },
} as const satisfies ErrorCatalogue

export class SupervisedError extends KnownError<typeof SUPERVISED_ERRORS> {
  override readonly name = 'SupervisedError'
}

export type Failures = ToDaemon['failures']

/** The daemon's end: it beats from its event loop, so that a loop that hangs is silent. */
export interface Supervised {
  /** Says where we work and waits until the supervisor lets us begin. @returns what befell the daemons before us */
  begin(place: Place): Promise<Failures>
  /** Startup is over: from now on silence is taken for a hang sooner. */
  ready(): void
  /** We end because we were told to, and are not to be started again. */
  ending(): void
  /** Resolves when the supervisor is gone: without it nobody would end the agents of a daemon that hangs. */
  readonly lost: Promise<string>
}

/** @throws SupervisedError `SUPERVISOR_MISSING` */
export function supervised(): Supervised {
  const socket = openSocket()
  const go = Promise.withResolvers<Failures>()
  const lost = Promise.withResolvers<string>()
  const gone = (): void => {
    lost.resolve('its supervisor is gone')
    go.reject(missing())
  }
  go.promise.catch(() => undefined) // may be lost long after anybody waited for it
  hearSupervisor(socket, ({ failures }) => go.resolve(failures))
  socket.once('error', gone)
  socket.once('close', gone)
  socket.once('end', gone)
  setInterval(() => tell(socket, { say: 'beat' }), BEAT_MS).unref()
  return {
    begin(place) {
      tell(socket, { say: 'hello', ...place })
      return go.promise
    },
    ready: () => tell(socket, { say: 'ready' }),
    ending: () => tell(socket, { say: 'ending' }),
    lost: lost.promise,
  }
}

function openSocket(): Socket {
  try {
    if (fstatSync(SUPERVISOR_FD).isSocket()) return new Socket({ fd: SUPERVISOR_FD })
  } catch {
    // closed, or something else: told below
  }
  throw missing()
}

function missing(): SupervisedError {
  return new SupervisedError(SUPERVISED_ERRORS, 'SUPERVISOR_MISSING', {
    what: 'nobody watches over this daemon, so it does not begin',
    fix: 'start it without --supervised, or with: warder daemon start',
  })
}
