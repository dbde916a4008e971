import { ERRNO, filterRules, type ArgumentTest, type FilterOptions, type FilterRule } from './filter.ts'
import { syscallNumber, type Architecture } from './syscalls.ts'

/** Some values of a 32-bit argument: those whose bits in `mask` are as in `value`. */
interface Cube {
  readonly mask: number
  readonly value: number
}

/** Calls refused together: one cube for each argument that matters. */
type Region = ReadonlyMap<ArgumentTest['argument'], Cube>

export interface OciSyscall {
  readonly names: readonly string[]
  readonly action: 'SCMP_ACT_ERRNO'
  readonly errnoRet: number
  readonly args: readonly {
    readonly index: number
    readonly value: number
    readonly valueTwo: number
    readonly op: 'SCMP_CMP_MASKED_EQ'
  }[]
}

export interface OciSeccomp {
  readonly defaultAction: 'SCMP_ACT_ALLOW'
  readonly architectures: readonly string[]
  readonly syscalls: readonly OciSyscall[]
}

const ALL_BITS = 0xffffffff
const OCI_ARCHITECTURE: Readonly<Record<Architecture, string>> = {
  x86_64: 'SCMP_ARCH_X86_64',
  aarch64: 'SCMP_ARCH_AARCH64',
}

/**
 * The same filter as the sandbox's own program, in the words container runtimes take. Their comparisons look at all 64
 * bits of an argument, and the kernel cuts these to 32; so every test becomes a masked one, and "not this value"
 * becomes the groups of values that differ from it. No rule tests one argument twice: runtimes would read that as "or".
 *
 * A runtime passes over names its library is too old to know. Commands are therefore started under the program itself
 * as well, and this one is what also holds their process 1.
 *
 * @see OCI Runtime Specification 1.0.2, config-linux.md, section Seccomp
 */
export function ociSeccomp(architecture: Architecture, options: FilterOptions): OciSeccomp {
  const rules = filterRules(options).filter(({ call }) => syscallNumber(call, architecture) !== undefined)
  refuseAmbiguous(rules)
  const plain = Map.groupBy(
    rules.filter(({ tests }) => tests.length === 0),
    ({ errno }) => errno,
  )
  return {
    defaultAction: 'SCMP_ACT_ALLOW',
    architectures: [OCI_ARCHITECTURE[architecture]],
    syscalls: [
      ...[...plain].map(([errno, same]) => entry([...new Set(same.map(({ call }) => call))], errno)),
      ...rules
        .filter(({ tests }) => tests.length > 0)
        .flatMap((rule) => regionsOf(rule).map((region) => entry([rule.call], rule.errno, region))),
    ],
  }
}

function entry(names: readonly string[], errno: FilterRule['errno'], region: Region = new Map()): OciSyscall {
  const args = [...region].map(
    ([index, { mask, value }]) =>
      ({ index, value: mask, valueTwo: value, op: 'SCMP_CMP_MASKED_EQ' }) as const,
  )
  return { names, action: 'SCMP_ACT_ERRNO', errnoRet: ERRNO[errno], args }
}

/** All calls for which every test of the rule holds, as regions that do not overlap. */
function regionsOf({ tests }: FilterRule): Region[] {
  let regions: Region[] = [new Map()]
  for (const [argument, its] of Map.groupBy(tests, (test) => test.argument)) {
    const cubes = cubesOf(its)
    regions = regions.flatMap((region) =>
      cubes.map((cube) => (cube.mask === 0 ? region : new Map([...region, [argument, cube]]))),
    )
  }
  return regions
}

function cubesOf(tests: readonly ArgumentTest[]): Cube[] {
  let cubes: Cube[] = [{ mask: 0, value: 0 }]
  for (const { is, mask = ALL_BITS, value } of tests) {
    const tested = { mask: mask >>> 0, value: (value & mask) >>> 0 }
    // a value with bits outside its mask is never met
    const isPossible = tested.value === value >>> 0
    if (is === 'equal') cubes = isPossible ? cubes.flatMap((cube) => meet(cube, tested) ?? []) : []
    else if (isPossible) cubes = cubes.flatMap((cube) => without(cube, tested))
  }
  return cubes
}

function meet(a: Cube, b: Cube): Cube | undefined {
  if ((a.value & b.mask) >>> 0 !== (b.value & a.mask) >>> 0) return undefined
  return { mask: (a.mask | b.mask) >>> 0, value: (a.value | b.value) >>> 0 }
}

/** What is in `cube` and not in `taken`: bit by bit, those that differ there and agree above. */
function without(cube: Cube, taken: Cube): Cube[] {
  if (meet(cube, taken) === undefined) return [cube]
  const left: Cube[] = []
  let rest = cube
  for (let bit = 31; bit >= 0; bit -= 1) {
    const one = (1 << bit) >>> 0
    if ((taken.mask & one) === 0 || (rest.mask & one) !== 0) continue
    const mask = (rest.mask | one) >>> 0
    const same = (taken.value & one) >>> 0
    left.push({ mask, value: (rest.value | (same ^ one)) >>> 0 })
    rest = { mask, value: (rest.value | same) >>> 0 }
  }
  return left
}

/** A runtime's library does not say which of two answers it gives where two rules hold; so there may be none. */
function refuseAmbiguous(rules: readonly FilterRule[]): void {
  for (const [call, same] of Map.groupBy(rules, (rule) => rule.call)) {
    const regions = same.flatMap((rule) => regionsOf(rule).map((region) => ({ errno: rule.errno, region })))
    const isAmbiguous = regions.some((a) =>
      regions.some((b) => a.errno !== b.errno && overlap(a.region, b.region)),
    )
    if (isAmbiguous) throw new RangeError(`two rules for ${call} hold at once and answer differently`)
  }
}

function overlap(a: Region, b: Region): boolean {
  return [...a].every(([argument, cube]) => {
    const other = b.get(argument)
    return other === undefined || meet(cube, other) !== undefined
  })
}
