import { encode, type Instruction } from './seccomp.ts'
import { landlockCallNumber, type LandlockCall } from './landlock-calls.ts'
import { AUDIT_ARCH, type Architecture } from './syscalls.ts'

/**
 * The second filter, for the Landlock level: it stands on top of the one every sandbox has and closes what a namespace
 * would have kept apart and Landlock does not see. Only ever narrower: of two filters the kernel takes the stricter word.
 */
export const ANSWERS = {
  EPERM: 0x0005_0001,
  EAFNOSUPPORT: 0x0005_0061,
  /** The keeper looks where it would land, and makes the change itself. */
  keeper: 0x7fc0_0000,
} as const
export type Answer = keyof typeof ANSWERS

/** Tests the low 32 bits of an argument: all that the kernel reads of those named here. */
interface Test {
  readonly argument: number
  readonly mask?: number
  readonly is: 'equal' | 'not-equal'
  readonly value: number
}

/** Answers so when all tests hold; rules of one call are tried in order, and when none holds the call goes on. */
export interface LandlockRule {
  readonly call: LandlockCall
  readonly tests: readonly Test[]
  readonly answer: Answer
}

const AF_UNIX = 1
const SOCK_TYPE = 0xf
const SOCK_STREAM = 1
const SOCK_SEQPACKET = 5
const OWN = 0
const PRIO_PROCESS = 0
const IOPRIO_WHO_PROCESS = 1
// FS_IOC_SETFLAGS (and its 32-bit form), SETVERSION, FSSETXATTR, SET_ENCRYPTION_POLICY, ENABLE_VERITY: an open for reading is enough
const FILE_REQUESTS = [0x4008_6602, 0x4004_6602, 0x4008_7602, 0x401c_5820, 0x400c_6613, 0x4080_6685]

/** Shared with everyone of the same user on the machine, and reached by numbers and names no file rule covers. */
const SHARED: readonly LandlockCall[] = [
  ...(['shmget', 'shmat', 'shmctl', 'semget', 'semop', 'semctl', 'semtimedop'] as const),
  ...(['msgget', 'msgsnd', 'msgrcv', 'msgctl'] as const),
  ...(['mq_open', 'mq_unlink', 'mq_timedsend', 'mq_timedreceive', 'mq_notify', 'mq_getsetattr'] as const),
]

/** Owners and extended attributes: Landlock lets them be changed on any file of the same user. */
const ATTRIBUTES: readonly LandlockCall[] = [
  ...(['chown', 'fchown', 'lchown', 'fchownat', 'utime', 'utimes', 'futimesat', 'file_setattr'] as const),
  ...(['setxattr', 'lsetxattr', 'fsetxattr', 'setxattrat'] as const),
  ...(['removexattr', 'lremovexattr', 'fremovexattr', 'removexattrat'] as const),
]

/** Modes and times: honest programs need these, so each one is looked at. */
const KEPT: readonly LandlockCall[] = ['chmod', 'fchmod', 'fchmodat', 'fchmodat2', 'utimensat']

/** @param abi the Landlock version in use: below 3 it does not know truncate */
export function landlockRules(abi: number): readonly LandlockRule[] {
  return [
    // every family: a stream socket that is never bound still listens on a port of the kernel's choice
    { call: 'socket', tests: [], answer: 'EAFNOSUPPORT' },
    ...socketpairRules(),
    ...[...SHARED, ...ATTRIBUTES].map((call) => refuse(call)),
    ...KEPT.map((call): LandlockRule => ({ call, tests: [], answer: 'keeper' })),
    ...outsiderRules(),
    ...FILE_REQUESTS.map((request) => refuse('ioctl', equal(1, request))),
    ...(abi < 3 ? [refuse('truncate')] : []),
  ]
}

/** A pair of datagram sockets is a pair only until one of them is sent elsewhere; SOCK_RAW is another name for it. */
function socketpairRules(): LandlockRule[] {
  const pairs = [SOCK_STREAM, SOCK_SEQPACKET].map((type) => differs(1, type, SOCK_TYPE))
  return [
    { call: 'socketpair', tests: [differs(0, AF_UNIX)], answer: 'EAFNOSUPPORT' },
    { call: 'socketpair', tests: pairs, answer: 'EAFNOSUPPORT' },
  ]
}

/** Other processes of the same user, Warder's own among them: their limits, priority and processors. */
function outsiderRules(): LandlockRule[] {
  const ofOthers = (['prlimit64', 'sched_setparam', 'sched_setscheduler', 'sched_setattr'] as const).map(
    (call) => refuse(call, differs(0, OWN)),
  )
  return [
    ...ofOthers,
    refuse('setpriority', differs(0, PRIO_PROCESS)),
    refuse('setpriority', differs(1, OWN)),
    refuse('ioprio_set', differs(0, IOPRIO_WHO_PROCESS)),
    refuse('ioprio_set', differs(1, OWN)),
    // the processors it was given are its limit: not even its own may be changed
    refuse('sched_setaffinity'),
  ]
}

const refuse = (call: LandlockCall, ...tests: readonly Test[]): LandlockRule => ({
  call,
  tests,
  answer: 'EPERM',
})
const equal = (argument: number, value: number): Test => ({ argument, is: 'equal', value })
const differs = (argument: number, value: number, mask?: number): Test => ({
  argument,
  is: 'not-equal',
  value,
  ...(mask === undefined ? {} : { mask }),
})

const ALLOW = 0x7fff_0000
const KILL = 0x8000_0000
const ENOSYS = 0x0005_0026
const X32_BIT = 0x4000_0000
const load = (k: number): Instruction => ({ code: 0x20, jt: 0, jf: 0, k })
const and = (k: number): Instruction => ({ code: 0x54, jt: 0, jf: 0, k: k >>> 0 })
const jumpIf = (k: number, jt: number, jf: number): Instruction => ({ code: 0x15, jt, jf, k: k >>> 0 })
const ret = (k: number): Instruction => ({ code: 0x06, jt: 0, jf: 0, k: k >>> 0 })

/** The bytes `seccomp(SECCOMP_SET_MODE_FILTER)` takes. */
export function landlockProgram(architecture: Architecture, abi: number): Buffer {
  return encode(assembleLandlock(architecture, landlockRules(abi)))
}

export function assembleLandlock(architecture: Architecture, rules: readonly LandlockRule[]): Instruction[] {
  const byNumber = Map.groupBy(rules, ({ call }) => landlockCallNumber(call, architecture))
  const isX64 = architecture === 'x86_64'
  return [
    load(4), // the calling convention: another one has other numbers
    jumpIf(AUDIT_ARCH[architecture], 1, 0),
    ret(KILL),
    load(0), // the call's number
    ...(isX64 ? [{ code: 0x35, jt: 0, jf: 1, k: X32_BIT }, ret(ENOSYS)] : []),
    ...[...byNumber].flatMap(([number, of]) => (number === undefined ? [] : callBlock(number, of))),
    ret(ALLOW),
  ]
}

function callBlock(number: number, rules: readonly LandlockRule[]): Instruction[] {
  const body = [...rules.flatMap(ruleBlock), ret(ALLOW)]
  if (body.length > 255) throw new RangeError(`${body.length} instructions for one call do not fit a jump`)
  return [jumpIf(number, 0, body.length), ...body]
}

function ruleBlock({ tests, answer }: LandlockRule): Instruction[] {
  const block = [ret(ANSWERS[answer])]
  for (const { argument, mask, is, value } of tests.toReversed()) {
    const over = block.length
    block.unshift(
      load(16 + 8 * argument),
      ...(mask === undefined ? [] : [and(mask)]),
      is === 'equal' ? jumpIf(value, 0, over) : jumpIf(value, over, 0),
    )
  }
  return block
}
