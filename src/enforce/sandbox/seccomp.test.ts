import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  assemble,
  disassemble,
  encode,
  ownArchitecture,
  seccompProgram,
  type Instruction,
} from './seccomp.ts'
import { ERRNO, filterRules, type FilterRule } from './filter.ts'
import { AUDIT_ARCH, syscallNumber, type Architecture } from './syscalls.ts'

const ARCHITECTURES: readonly Architecture[] = ['x86_64', 'aarch64']
const ALLOW = 'allow'

/** A call as seccomp sees it; arguments are 64 bits wide. */
interface Call {
  readonly arch: number
  readonly nr: number
  readonly args: readonly bigint[]
}

/** Runs a filter the way the kernel does (Documentation/userspace-api/seccomp_filter.rst), written from that text. */
function run(program: readonly Instruction[], { arch, nr, args }: Call): string {
  let accumulator = 0
  for (let at = 0; at < program.length; at += 1) {
    const { code, jt, jf, k } = program[at]!
    if (code === 0x20) {
      const word = args[Math.floor((k - 16) / 8)] ?? 0n
      accumulator = k === 0 ? nr : k === 4 ? arch : Number((word >> BigInt(((k - 16) % 8) * 8)) & 0xffffffffn)
    } else if (code === 0x54) accumulator = (accumulator & k) >>> 0
    else if (code === 0x15) at += accumulator === k ? jt : jf
    else if (code === 0x35) at += accumulator >= k ? jt : jf
    else if (code === 0x06)
      return k === 0x7fff0000 ? ALLOW : k === 0x80000000 ? 'kill' : `errno ${k & 0xffff}`
    else throw new Error(`unknown instruction ${code}`)
  }
  throw new Error('ran off the end')
}

/** What the rules say, read directly: the first rule of the call that holds. */
function expected(
  rules: readonly FilterRule[],
  nr: number,
  args: readonly bigint[],
  architecture: Architecture,
): string {
  const rule = rules
    .filter(({ call }) => syscallNumber(call, architecture) === nr)
    .find(({ tests }) =>
      tests.every(({ argument, mask, is, value }) => {
        const low = Number((args[argument] ?? 0n) & 0xffffffffn)
        const seen = (mask === undefined ? low : low & mask) >>> 0
        return (seen === value >>> 0) === (is === 'equal')
      }),
    )
  return rule === undefined ? ALLOW : `errno ${ERRNO[rule.errno]}`
}

const interesting = fc.oneof(
  fc.constantFrom(
    ...[
      0, 1, 2, 3, 10, 16, 17, 38, 40, 0o100, 0o4755, 0o6000, 0o20000, 0o60000, 0x5412, 0x541c, 0x10000,
      0x40000, 0x10000000, 0xffffffff,
    ],
  ),
  fc.nat(),
)
const argument = fc
  .tuple(interesting, fc.nat(0xffff))
  .map(([low, high]) => (BigInt(high) << 32n) | BigInt(low))

for (const architecture of ARCHITECTURES) {
  for (const noFork of [false, true]) {
    const rules = filterRules({ noFork })
    const program = assemble(architecture, rules)
    const numbers = rules.flatMap(({ call }) => syscallNumber(call, architecture) ?? [])

    test(`${architecture}${noFork ? ' without processes' : ''}: the program answers every call as its rules say`, () => {
      const nr = fc.oneof(fc.constantFrom(...numbers), fc.nat(600))
      fc.assert(
        fc.property(nr, fc.array(argument, { minLength: 6, maxLength: 6 }), (number, args) => {
          const call = { arch: AUDIT_ARCH[architecture], nr: number, args }
          assert.equal(run(program, call), expected(rules, number, args, architecture))
        }),
        { numRuns: 3000 },
      )
    })
  }

  test(`${architecture}: a program of another architecture is killed`, () => {
    const program = assemble(architecture, filterRules({ noFork: false }))
    for (const arch of [0x40000003, 0x40000028, ...ARCHITECTURES.map((name) => AUDIT_ARCH[name])]) {
      const verdict = run(program, { arch, nr: 0, args: [] })
      assert.equal(verdict, arch === AUDIT_ARCH[architecture] ? ALLOW : 'kill')
    }
  })

  test(`${architecture}: the program is the one that was reviewed`, () => {
    const program = assemble(architecture, filterRules({ noFork: true }))
    const golden = readFileSync(new URL(`golden/seccomp-${architecture}.txt`, import.meta.url), 'utf8')
    assert.equal(disassemble(program, architecture), golden)
  })
}

test('calls of the x32 ABI are not there', () => {
  const program = assemble('x86_64', filterRules({ noFork: false }))
  for (const nr of [0x40000000, 0x40000000 + 101, 0x7fffffff]) {
    assert.equal(run(program, { arch: AUDIT_ARCH.x86_64, nr, args: [] }), `errno ${ERRNO.ENOSYS}`)
  }
})

test('reading, writing, threads and plain sockets are allowed', () => {
  const program = assemble('x86_64', filterRules({ noFork: true }))
  const allowed: readonly [number, ...bigint[]][] = [
    [0],
    [1],
    [56, 0x3d0f00n],
    [41, 2n, 1n, 0n],
    [41, 16n, 3n, 0n],
    [90, 0n, 0o755n],
    [257, 0n, 0n, 0o100n, 0o644n],
  ]
  for (const [nr, ...args] of allowed)
    assert.equal(run(program, { arch: AUDIT_ARCH.x86_64, nr, args }), ALLOW)
})

test('the bytes are struct sock_filter after struct sock_filter', () => {
  assert.deepEqual(
    [...encode([{ code: 0x15, jt: 1, jf: 2, k: 0xc000003e }])],
    [0x15, 0, 1, 2, 0x3e, 0, 0, 0xc0],
  )
  assert.equal(seccompProgram('x86_64', { noFork: false }).length % 8, 0)
})

test('an unknown architecture has no filter, hence no sandbox', () => {
  assert.equal(ownArchitecture('riscv64'), undefined)
  assert.equal(ownArchitecture('x64'), 'x86_64')
  assert.equal(ownArchitecture('arm64'), 'aarch64')
})
