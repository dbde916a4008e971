import { AUDIT_ARCH, syscallName, syscallNumber, type Architecture } from './syscalls.ts'
import {
  ERRNO,
  filterRules,
  type ArgumentTest,
  type Errno,
  type FilterOptions,
  type FilterRule,
} from './filter.ts'

/**
 * An assembler for classic BPF, as seccomp runs it: rules in, the bytes `PR_SET_SECCOMP` takes out.
 * Layout of struct seccomp_data: nr at 0, arch at 4, args at 16, eight bytes each (seccomp(2)).
 */
export interface Instruction {
  readonly code: number
  readonly jt: number
  readonly jf: number
  readonly k: number
}

const LD_ABS = 0x20
const ALU_AND = 0x54
const JEQ = 0x15
const JGE = 0x35
const RET = 0x06
const RET_ALLOW = 0x7fff0000
const RET_ERRNO = 0x00050000
const RET_KILL_PROCESS = 0x80000000
const NR = 0
const ARCH = 4
const X32_BIT = 0x40000000
/** A jump is one byte long; a run of equality tests stays well under that. */
const CHUNK = 200

/** The finished filter for one architecture: struct sock_filter after struct sock_filter, little-endian. */
export function seccompProgram(architecture: Architecture, options: FilterOptions): Buffer {
  return encode(assemble(architecture, filterRules(options)))
}

export function assemble(architecture: Architecture, rules: readonly FilterRule[]): readonly Instruction[] {
  const numbered = rules.flatMap((rule) => {
    const number = syscallNumber(rule.call, architecture)
    return number === undefined ? [] : [{ ...rule, number }]
  })
  const plain = numbered.filter((rule) => rule.tests.length === 0)
  const conditional = Map.groupBy(
    numbered.filter((rule) => rule.tests.length > 0),
    (rule) => rule.number,
  )
  return [
    load(ARCH),
    jump(JEQ, AUDIT_ARCH[architecture], 1, 0),
    ret(RET_KILL_PROCESS), // the other calling conventions have other numbers: a filter for one is none for them
    load(NR),
    ...(architecture === 'x86_64' ? [jump(JGE, X32_BIT, 0, 1), ret(RET_ERRNO | ERRNO.ENOSYS)] : []),
    ...[...conditional].flatMap(([number, of]) => callBlock(number, of)),
    ...(['EPERM', 'ENOSYS', 'EAFNOSUPPORT'] as const).flatMap((errno) =>
      equalityChunks(
        plain.filter((rule) => rule.errno === errno).map((rule) => rule.number),
        errno,
      ),
    ),
    ret(RET_ALLOW),
  ]
}

/** One call with conditions: tried in order, and allowed when none holds; other calls jump over it. */
function callBlock(number: number, rules: readonly FilterRule[]): Instruction[] {
  const body = [...rules.flatMap(ruleBlock), ret(RET_ALLOW)]
  if (body.length > 255) throw new RangeError(`${body.length} instructions for one call do not fit a jump`)
  return [jump(JEQ, number, 0, body.length), ...body]
}

function ruleBlock({ tests, errno }: FilterRule): Instruction[] {
  const rest: Instruction[] = [ret(RET_ERRNO | ERRNO[errno])]
  for (const test of tests.toReversed()) rest.unshift(...testBlock(test, rest.length))
  return rest
}

/** Falls through when the test holds, else jumps over what follows it. */
function testBlock({ argument, mask, is, value }: ArgumentTest, over: number): Instruction[] {
  // the low word alone: the kernel cuts these arguments to 32 bits, so a high word set must not hide one
  const loads = [load(16 + 8 * argument), ...(mask === undefined ? [] : [{ ...ret(mask), code: ALU_AND }])]
  return [...loads, is === 'equal' ? jump(JEQ, value, 0, over) : jump(JEQ, value, over, 0)]
}

function equalityChunks(numbers: readonly number[], errno: Errno): Instruction[] {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b)
  const chunks = Array.from({ length: Math.ceil(sorted.length / CHUNK) }, (_, i) =>
    sorted.slice(i * CHUNK, (i + 1) * CHUNK),
  )
  return chunks.flatMap((chunk) => [
    ...chunk.map((number, i) => {
      const last = i === chunk.length - 1
      return jump(JEQ, number, chunk.length - 1 - i, last ? 1 : 0)
    }),
    ret(RET_ERRNO | ERRNO[errno]),
  ])
}

const load = (offset: number): Instruction => ({ code: LD_ABS, jt: 0, jf: 0, k: offset })
const ret = (k: number): Instruction => ({ code: RET, jt: 0, jf: 0, k: k >>> 0 })
const jump = (code: number, k: number, jt: number, jf: number): Instruction => ({ code, jt, jf, k: k >>> 0 })

export function encode(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8)
  for (const [i, { code, jt, jf, k }] of program.entries()) {
    bytes.writeUInt16LE(code, i * 8)
    bytes.writeUInt8(jt, i * 8 + 2)
    bytes.writeUInt8(jf, i * 8 + 3)
    bytes.writeUInt32LE(k, i * 8 + 4)
  }
  return bytes
}

/** The program as text, one instruction a line: what the golden files hold. */
export function disassemble(program: readonly Instruction[], architecture: Architecture): string {
  return program
    .map((instruction, at) => {
      const before = program[at - 1]
      // a comparison that follows no argument is one of the call's number
      const ofNumber = before?.code !== ALU_AND && (before?.code !== LD_ABS || before.k === NR)
      return `${String(at).padStart(3)}  ${line(instruction, at, ofNumber ? architecture : undefined)}\n`
    })
    .join('')
}

function line({ code, jt, jf, k }: Instruction, at: number, architecture: Architecture | undefined): string {
  const hex = `0x${k.toString(16)}`
  if (code === LD_ABS) return k === NR ? 'load nr' : k === ARCH ? 'load arch' : `load arg${(k - 16) / 8}`
  if (code === ALU_AND) return `and ${hex}`
  if (code === RET) {
    const errno = Object.entries(ERRNO).find(([, number]) => (RET_ERRNO | number) === k)?.[0]
    return k === RET_ALLOW ? 'allow' : k === RET_KILL_PROCESS ? 'kill' : `refuse ${errno}`
  }
  const name = code === JEQ && architecture !== undefined ? syscallName(k, architecture) : undefined
  const test = code === JGE ? `>= ${hex}` : `== ${hex}`
  return `if ${test} goto ${at + 1 + jt} else ${at + 1 + jf}${name === undefined ? '' : `  # ${name}`}`
}

/** The architecture of this process, or undefined where there is no filter for it. */
export function ownArchitecture(arch: string = process.arch): Architecture | undefined {
  return arch === 'x64' ? 'x86_64' : arch === 'arm64' ? 'aarch64' : undefined
}
