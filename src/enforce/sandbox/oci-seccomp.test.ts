import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ERRNO, filterRules, type FilterRule } from './filter.ts'
import { ociSeccomp, type OciSeccomp } from './oci-seccomp.ts'
import { syscallNumber, type Architecture } from './syscalls.ts'

const ARCHITECTURES: readonly Architecture[] = ['x86_64', 'aarch64']

/** What a runtime's library makes of it (seccomp_rule_add(3)): any entry whose comparisons all hold, on 64 bits. */
function answerOf(profile: OciSeccomp, call: string, args: readonly bigint[]): number[] {
  const hits = profile.syscalls.filter(
    ({ names, args: tests }) =>
      names.includes(call) &&
      tests.every(({ index, value, valueTwo }) => ((args[index] ?? 0n) & BigInt(value)) === BigInt(valueTwo)),
  )
  return [...new Set(hits.map(({ errnoRet }) => errnoRet))]
}

function meant(rules: readonly FilterRule[], call: string, args: readonly bigint[]): number[] {
  const rule = rules
    .filter((each) => each.call === call)
    .find(({ tests }) =>
      tests.every(({ argument, mask = 0xffffffff, is, value }) => {
        const low = Number((args[argument] ?? 0n) & 0xffffffffn)
        return ((low & mask) >>> 0 === value >>> 0) === (is === 'equal')
      }),
    )
  return rule === undefined ? [] : [ERRNO[rule.errno]]
}

/** Values at the edges of what the rules test, with any upper half. */
const argument = fc
  .tuple(
    fc.oneof(
      fc.integer({ min: 0, max: 64 }),
      fc.constantFrom(0x5412, 0x541c, 0x10000000, 0x20000, 0x10000, 0o6644, 0o4755, 0xffffffff, 0o20666),
      fc.integer({ min: 0, max: 0xffffffff }),
    ),
    fc.constantFrom(0n, 1n, 0xffffffffn),
  )
  .map(([low, high]) => (high << 32n) | BigInt(low))

for (const architecture of ARCHITECTURES) {
  for (const noFork of [false, true]) {
    test(`a container's filter refuses exactly what the sandbox's own does (${architecture}, fork ${!noFork})`, () => {
      const rules = filterRules({ noFork }).filter(
        ({ call }) => syscallNumber(call, architecture) !== undefined,
      )
      const profile = ociSeccomp(architecture, { noFork })
      const calls = [...new Set(rules.map(({ call }) => call)), 'read']
      const args = fc.array(argument, { minLength: 6, maxLength: 6 })
      fc.assert(
        fc.property(fc.constantFrom(...calls), args, (call, values) => {
          assert.deepEqual(answerOf(profile, call, values), meant(rules, call, values))
        }),
        { numRuns: 5000 },
      )
    })
  }
}

test('every socket family is told apart, whatever stands in the upper half of the argument', () => {
  const profile = ociSeccomp('x86_64', { noFork: false })
  for (let family = 0n; family < 64n; family += 1n) {
    const allowed = [1n, 2n, 10n, 16n].includes(family)
    for (const high of [0n, 1n << 32n]) {
      const answer = answerOf(profile, 'socket', [family | high, 1n, 0n])
      assert.deepEqual(answer, allowed ? [] : [ERRNO.EAFNOSUPPORT], `family ${family}`)
    }
  }
})

test('no entry compares one argument twice, because a runtime takes that for "or"', () => {
  for (const architecture of ARCHITECTURES) {
    for (const { args } of ociSeccomp(architecture, { noFork: true }).syscalls) {
      assert.equal(new Set(args.map(({ index }) => index)).size, args.length)
    }
  }
})

test('no call that an architecture lacks is named for it', () => {
  const names = ociSeccomp('aarch64', { noFork: false }).syscalls.flatMap((each) => each.names)
  assert.ok(names.includes('bpf') && !names.includes('chmod') && !names.includes('iopl'))
})
