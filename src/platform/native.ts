import { createRequire } from 'node:module'
import { endianness } from 'node:os'

/**
 * The few calls of the C library Node does not have. They come through koffi, which is prebuilt; where it cannot be
 * loaded `openNative` says why, and whoever needs one of these calls must do without it or refuse.
 */
export interface Native {
  /** A fresh pseudo terminal: `master` is close-on-exec, `slavePath` is under /dev/pts. */
  openTerminal(): { readonly master: number; readonly slavePath: string }
  /** TIOCSWINSZ; the kernel sends SIGWINCH to whoever sits in the foreground. */
  resizeTerminal(master: number, columns: number, rows: number): void
  /** A pipe, both ends close-on-exec: unlike a socket it can be opened again through /dev/stdout. */
  pipe(): { readonly read: number; readonly write: number }
  /** Two stream sockets that are each other's other end, both close-on-exec. */
  socketPair(): { readonly ours: number; readonly theirs: number }
  /**
   * Sends bytes on a socket, and descriptors along with them: at most {@link DESCRIPTORS_AT_ONCE}. Never waits.
   *
   * @returns false when it could not be sent now and may be sent later
   */
  sendDescriptors(socket: number, bytes: Uint8Array, fds: readonly number[]): boolean
  /** A nameless file in memory, so that nothing secret touches the disk. */
  memoryFile(name: string): number
  /** Marks every descriptor from `first` up close-on-exec, so that none this process inherited reaches a child. */
  closeOnExecFrom(first: number): void
  /** Lowers one resource limit (soft and hard) of another process. */
  limitProcess(pid: number, resource: RlimitName, value: number): void
  /** Ties a process, and what it starts, to these processors. */
  setProcessors(pid: number, processors: readonly number[]): void
  /** A descriptor that means this process and no later one with the same number. */
  openProcess(pid: number): number
  /** @returns false when that process is gone already */
  signalProcess(pidfd: number, signal: number): boolean
  /** A netlink socket of the kernel's process connector, subscribed to its events; blocking, with a receive timeout. */
  openProcessEvents(receiveTimeoutMs: number): number
  /** @returns the bytes received, or undefined when the timeout passed first */
  receive(fd: number, buffer: Buffer): number | undefined
}

/** SCM_MAX_FD: the kernel hands over no more in one message. */
export const DESCRIPTORS_AT_ONCE = 253

/** The numbers are those of <asm-generic/resource.h>, which x86-64 and arm64 share. */
export const RLIMITS = { FSIZE: 1, DATA: 2, CORE: 4, NPROC: 6, NOFILE: 7, MEMLOCK: 8 } as const
export type RlimitName = keyof typeof RLIMITS

/** A system call that failed, with the kernel's number. */
export class NativeError extends Error {
  override readonly name = 'NativeError'
  readonly errno: number

  constructor(call: string, errno: number, text: string) {
    super(`${call}: ${text}`)
    this.errno = errno
  }
}

type Call = (...args: readonly unknown[]) => number

interface Koffi {
  load(path: string | null): {
    func(declaration: string): Call
    func(name: string, result: unknown, parameters: readonly unknown[]): Call
  }
  struct(members: Readonly<Record<string, unknown>>): unknown
  pointer(to: unknown): unknown
  errno(): number
  os: { readonly errno: Readonly<Record<string, number>> }
}

const EAGAIN = 11
const ESRCH = 3
const TIOCSWINSZ = 0x5414
const O_RDWR_NOCTTY_CLOEXEC = 0o2 | 0o400 | 0o2000000
const O_CLOEXEC = 0o2000000
const MFD_CLOEXEC = 1
const CLOSE_RANGE_CLOEXEC = 4
// above 423 the numbers are the same on every architecture
const SYS_PIDFD_SEND_SIGNAL = 424
const SYS_PIDFD_OPEN = 434
const SYS_CLOSE_RANGE = 436

/** @returns the calls, or the reason there are none here */
export function openNative(): Native | { readonly missing: string } {
  if (process.platform !== 'linux') return { missing: `no native calls are known for ${process.platform}` }
  try {
    return linuxNative(createRequire(import.meta.url)('koffi') as Koffi)
  } catch (error) {
    return { missing: `koffi cannot be loaded: ${error instanceof Error ? error.message : String(error)}` }
  }
}

export function isNative(native: Native | { readonly missing: string }): native is Native {
  return !('missing' in native)
}

function linuxNative(koffi: Koffi): Native {
  const libc = koffi.load(null)
  const names = new Map(Object.entries(koffi.os.errno).map(([name, number]) => [number, name]))
  const checked = (call: string, result: number): number => {
    if (result >= 0) return result
    const errno = koffi.errno()
    throw new NativeError(call, errno, names.get(errno) ?? `error ${errno}`)
  }
  return {
    ...terminalCalls(libc, checked),
    ...descriptorCalls(libc, checked),
    ...socketCalls(libc, checked, koffi),
    ...processCalls(libc, checked, koffi),
    ...netlinkCalls(libc, checked, koffi),
  }
}

type Library = ReturnType<Koffi['load']>
type Checked = (call: string, result: number) => number

function terminalCalls(libc: Library, checked: Checked) {
  const openpt = libc.func('int posix_openpt(int flags)')
  const grantpt = libc.func('int grantpt(int fd)')
  const unlockpt = libc.func('int unlockpt(int fd)')
  const ptsname = libc.func('int ptsname_r(int fd, _Out_ uint8_t *buffer, size_t length)')
  const ioctl = libc.func('int ioctl(int fd, ulong request, uint16_t *size)')
  return {
    openTerminal: () => {
      const master = checked('posix_openpt', openpt(O_RDWR_NOCTTY_CLOEXEC))
      const name = Buffer.alloc(128)
      checked('grantpt', grantpt(master))
      checked('unlockpt', unlockpt(master))
      checked('ptsname_r', -ptsname(master, name, name.length))
      return { master, slavePath: name.toString('utf8', 0, name.indexOf(0)) }
    },
    resizeTerminal: (master: number, columns: number, rows: number) => {
      checked('ioctl(TIOCSWINSZ)', ioctl(master, TIOCSWINSZ, new Uint16Array([rows, columns, 0, 0])))
    },
  }
}

function descriptorCalls(libc: Library, checked: Checked) {
  const pipe2 = libc.func('int pipe2(_Out_ int *fds, int flags)')
  const memfd = libc.func('int memfd_create(const char *name, uint flags)')
  const call3 = libc.func('long syscall(long number, uint a, uint b, uint c)')
  return {
    pipe: () => {
      const ends = new Int32Array(2)
      checked('pipe2', pipe2(ends, O_CLOEXEC))
      return { read: ends[0]!, write: ends[1]! }
    },
    memoryFile: (name: string) => checked('memfd_create', memfd(name, MFD_CLOEXEC)),
    closeOnExecFrom: (first: number) => {
      checked('close_range', Number(call3(SYS_CLOSE_RANGE, first, 0xffff_ffff, CLOSE_RANGE_CLOEXEC)))
    },
  }
}

const AF_UNIX = 1
const SOCK_STREAM_CLOEXEC = 1 | 0o2000000
const SCM_RIGHTS = 1
const MSG_DONTWAIT_NOSIGNAL = 0x40 | 0x4000
const ETOOMANYREFS = 109
const CMSG_HEADER_BYTES = 16

function socketCalls(libc: Library, checked: Checked, koffi: Koffi) {
  const pair = libc.func('int socketpair(int domain, int type, int protocol, _Out_ int *fds)')
  // struct iovec and struct msghdr, as 64-bit machines lay them out
  const part = koffi.struct({ base: 'uint8_t *', length: 'size_t' })
  const message = koffi.struct({
    ...{ name: 'void *', nameLength: 'uint', parts: koffi.pointer(part), partCount: 'size_t' },
    ...{ control: 'uint8_t *', controlLength: 'size_t', flags: 'int' },
  })
  const send = libc.func('sendmsg', 'long', ['int', koffi.pointer(message), 'int'])
  return {
    socketPair: () => {
      const ends = new Int32Array(2)
      checked('socketpair', pair(AF_UNIX, SOCK_STREAM_CLOEXEC, 0, ends))
      return { ours: ends[0]!, theirs: ends[1]! }
    },
    sendDescriptors: (socket: number, bytes: Uint8Array, fds: readonly number[]) => {
      const parts = [{ base: bytes, length: bytes.length }]
      const control = fds.length === 0 ? null : rightsMessage(fds)
      const controlLength = control?.length ?? 0
      const whole = { name: null, nameLength: 0, parts, partCount: 1, control, controlLength, flags: 0 }
      const sent = Number(send(socket, whole, MSG_DONTWAIT_NOSIGNAL))
      if (sent === bytes.length) return true
      const errno = koffi.errno()
      // too many that nobody has taken out yet: once they are taken it goes
      if (sent < 0 && (errno === EAGAIN || errno === ETOOMANYREFS)) return false
      checked('sendmsg', sent)
      throw new Error('sendmsg: only a part could be sent')
    },
  }
}

/** struct cmsghdr with SCM_RIGHTS, and room up to the next multiple of eight. */
function rightsMessage(fds: readonly number[]): Buffer {
  const length = CMSG_HEADER_BYTES + 4 * fds.length
  const bytes = Buffer.alloc(Math.ceil(length / 8) * 8)
  bytes.writeBigUInt64LE(BigInt(length), 0)
  bytes.writeInt32LE(SOL_SOCKET, 8)
  bytes.writeInt32LE(SCM_RIGHTS, 12)
  for (const [i, fd] of fds.entries()) bytes.writeInt32LE(fd, CMSG_HEADER_BYTES + 4 * i)
  return bytes
}

function processCalls(libc: Library, checked: Checked, koffi: Koffi) {
  const prlimit = libc.func('int prlimit64(int pid, int resource, uint64_t *limit, void *old)')
  const affinity = libc.func('int sched_setaffinity(int pid, size_t length, uint8_t *mask)')
  const pidfdOpen = libc.func('long syscall(long number, int pid, uint flags)')
  const pidfdSignal = libc.func('long syscall(long number, int fd, int signal, void *info, uint flags)')
  return {
    limitProcess: (pid: number, resource: RlimitName, value: number) => {
      const both = new BigUint64Array([BigInt(value), BigInt(value)])
      checked(`prlimit64(${resource})`, prlimit(pid, RLIMITS[resource], both, null))
    },
    setProcessors: (pid: number, processors: readonly number[]) => {
      const mask = Buffer.alloc(128)
      for (const cpu of processors) mask[cpu >> 3] = (mask[cpu >> 3] ?? 0) | (1 << (cpu & 7))
      checked('sched_setaffinity', affinity(pid, mask.length, mask))
    },
    openProcess: (pid: number) => checked('pidfd_open', Number(pidfdOpen(SYS_PIDFD_OPEN, pid, 0))),
    signalProcess: (pidfd: number, signal: number) => {
      if (Number(pidfdSignal(SYS_PIDFD_SEND_SIGNAL, pidfd, signal, null, 0)) === 0) return true
      if (koffi.errno() === ESRCH) return false
      checked('pidfd_send_signal', -1)
      return false
    },
  }
}

const AF_NETLINK = 16
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000
const NETLINK_CONNECTOR = 11
const CN_IDX_PROC = 1
const SOL_SOCKET = 1
const SO_RCVTIMEO = 20
const SO_RCVBUF = 8

function netlinkCalls(libc: Library, checked: Checked, koffi: Koffi) {
  const socket = libc.func('int socket(int domain, int type, int protocol)')
  const bind = libc.func('int bind(int fd, uint8_t *address, uint length)')
  const option = libc.func('int setsockopt(int fd, int level, int name, uint8_t *value, uint length)')
  const send = libc.func('long send(int fd, uint8_t *bytes, size_t length, int flags)')
  const receive = libc.func('long recv(int fd, _Out_ uint8_t *bytes, size_t length, int flags)')
  return {
    openProcessEvents: (receiveTimeoutMs: number) => {
      const fd = checked('socket', socket(AF_NETLINK, SOCK_DGRAM_CLOEXEC, NETLINK_CONNECTOR))
      const timeout = Buffer.alloc(16)
      timeout.writeBigInt64LE(BigInt(Math.floor(receiveTimeoutMs / 1000)), 0)
      timeout.writeBigInt64LE(BigInt((receiveTimeoutMs % 1000) * 1000), 8)
      checked('setsockopt', option(fd, SOL_SOCKET, SO_RCVTIMEO, timeout, timeout.length))
      const room = Buffer.alloc(4)
      room.writeInt32LE(4 * 1024 * 1024)
      option(fd, SOL_SOCKET, SO_RCVBUF, room, room.length)
      // struct sockaddr_nl: family, padding, port id (0: the kernel picks), groups
      const address = Buffer.alloc(12)
      address.writeUInt16LE(AF_NETLINK, 0)
      address.writeUInt32LE(CN_IDX_PROC, 8)
      checked('bind', bind(fd, address, address.length))
      const request = listenRequest()
      checked('send', Number(send(fd, request, request.length, 0)))
      return fd
    },
    receive: (fd: number, buffer: Buffer) => {
      const length = Number(receive(fd, buffer, buffer.length, 0))
      if (length < 0 && koffi.errno() === EAGAIN) return undefined
      return checked('recv', length)
    },
  }
}

/** nlmsghdr, cn_msg and PROC_CN_MCAST_LISTEN, as <linux/connector.h> and <linux/cn_proc.h> lay them out. */
function listenRequest(): Buffer {
  if (endianness() !== 'LE') throw new Error('process events are laid out for little-endian machines only')
  const bytes = Buffer.alloc(40)
  bytes.writeUInt32LE(40, 0) // nlmsg_len
  bytes.writeUInt16LE(3, 4) // NLMSG_DONE
  bytes.writeUInt32LE(CN_IDX_PROC, 16) // cn_msg.id.idx
  bytes.writeUInt32LE(1, 20) // cn_msg.id.val: CN_VAL_PROC
  bytes.writeUInt16LE(4, 32) // cn_msg.len
  bytes.writeUInt32LE(1, 36) // PROC_CN_MCAST_LISTEN
  return bytes
}
