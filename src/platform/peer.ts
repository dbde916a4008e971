import { createRequire } from 'node:module'
import { messageOf } from '../core/error.ts'

/** Who is at the other end of a Unix socket, as the kernel recorded it when the connection was made. */
export interface PeerCredentials {
  readonly uid: number
  readonly gid: number
  /** Absent on macOS, where the call does not tell. */
  readonly pid?: number
}

/** How to ask the kernel for a peer, or why it cannot be asked here. */
export type PeerLookup =
  | { readonly inForce: true; credentials(fd: number): PeerCredentials }
  | { readonly inForce: false; readonly why: string }

type Native = (...args: readonly unknown[]) => unknown
interface Koffi {
  load(path: string | null): { func(signature: string): Native }
}

/**
 * Finds the call that names a socket's peer: SO_PEERCRED on Linux, getpeereid on macOS. Never throws; a machine
 * without the native library gets `inForce: false`, and the socket's other locks (0600, 0700, HMAC) must do.
 */
export function peerLookup(): PeerLookup {
  try {
    if (process.platform === 'linux') return linuxLookup(loadKoffi())
    if (process.platform === 'darwin') return macLookup(loadKoffi())
    return { inForce: false, why: `no way to ask for a peer on ${process.platform}` }
  } catch (error) {
    return { inForce: false, why: messageOf(error).split('\n')[0] ?? 'the native library does not load' }
  }
}

function loadKoffi(): Koffi {
  return createRequire(import.meta.url)('koffi') as Koffi
}

const SOL_SOCKET = 1
const SO_PEERCRED = 17

/** struct ucred of socket(7): pid, uid and gid, 32 bits each. The two numbers above are those of x64 and arm64. */
function linuxLookup(koffi: Koffi): PeerLookup {
  if (process.arch !== 'x64' && process.arch !== 'arm64') {
    return { inForce: false, why: `SO_PEERCRED is not known for ${process.arch}` }
  }
  const getsockopt = koffi
    .load(null)
    .func('int getsockopt(int fd, int level, int name, void *value, _Inout_ uint32_t *length)')
  return {
    inForce: true,
    credentials(fd) {
      const value = new Int32Array(3)
      const length = [value.byteLength]
      const failed = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, value, length) !== 0
      const [pid = -1, uid = -1, gid = -1] = value
      // pid 0 is a peer outside our PID namespace; a negative one is what an unconnected socket has
      if (failed || length[0] !== value.byteLength || pid < 0) throw new Error('the kernel names no peer')
      return { pid, uid: uid >>> 0, gid: gid >>> 0 }
    },
  }
}

function macLookup(koffi: Koffi): PeerLookup {
  const getpeereid = koffi
    .load('/usr/lib/libSystem.B.dylib')
    .func('int getpeereid(int fd, void *uid, void *gid)')
  return {
    inForce: true,
    credentials(fd) {
      const uid = new Uint32Array(1)
      const gid = new Uint32Array(1)
      if (getpeereid(fd, uid, gid) !== 0) throw new Error('the kernel names no peer')
      return { uid: uid[0] ?? 0xffff_ffff, gid: gid[0] ?? 0xffff_ffff }
    },
  }
}
