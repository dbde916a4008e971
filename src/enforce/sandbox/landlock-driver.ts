import { execFileSync } from 'node:child_process'
import { closeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { sha256 } from '../../core/canonical.ts'
import { messageOf } from '../../core/error.ts'
import { SandboxError } from './errors.ts'
import { findCgroups, readCgroupFiles, sweepGroups, type CgroupHost } from './cgroup-host.ts'
import { probeLandlock } from './landlock-probe.ts'
import { NEWEST_ABI, planLandlock } from './landlock-rules.ts'
import { startLandlock, type LandlockMachine } from './landlock-start.ts'
import { sweepTemporary } from './landlock-temporary.ts'
import { inWords, isAtLeast, levelOf, missing, shortOf } from './level.ts'
import { findNativePrograms, type NativePrograms } from './native-programs.ts'
import { ownArchitecture, seccompProgram } from './seccomp.ts'
import { needNative } from './stdio.ts'
import type { Native } from '../../platform/native.ts'
import type { Guarantee, Probe, SandboxDriver } from './driver.ts'
import type { SandboxSpec } from './spec.ts'

export interface LandlockOptions {
  readonly native: Native | { readonly missing: string }
  /** Absent: what the build made. */
  readonly programs?: NativePrograms | { readonly missing: string; readonly fix: string }
  /** Absent: what /proc tells. */
  readonly cgroups?: CgroupHost
  /** The newest version of Landlock to use; a lower one than the kernel's shows what an older kernel would keep. */
  readonly abi?: number
  /** Where directories for temporary files are made; /tmp unless told. */
  readonly temporaryParent?: string
  /** Guarantees that others keep, such as spawn records. */
  readonly others?: () => Promise<readonly Guarantee[]>
}

/**
 * The driver for machines on which no namespaces can be had, such as the inside of a container: Landlock for files, TCP
 * and signals, two system call filters for the rest, and a keeper that ends what was started. It keeps less than
 * namespaces do, and says of every spec what.
 */
export function createLandlockDriver(options: LandlockOptions): SandboxDriver {
  const found: { machine?: LandlockMachine; probe?: Promise<Probe>; trying?: Promise<Probe> } = {}
  const machine = () => (found.machine ??= findMachine(options))
  const tryAnew = async () => {
    delete found.machine // the launcher may have come, gone or changed
    await sweepTemporary(options.temporaryParent ?? tmpdir())
    const result = await probeDriver(machine, options.others)
    // what did not work may work later: then the next start tries again
    if (result.available) found.probe = Promise.resolve(result)
    else delete found.probe
    return result
  }
  // many who ask at once share one try
  const probe = () => (found.trying ??= tryAnew().finally(() => delete found.trying))
  const lastProbe = () => found.probe ?? probe()
  return {
    name: 'landlock',
    probe,
    lastProbe,
    start: async (spec, start) => {
      refuseBelow(spec, await lastProbe())
      const here = machine()
      refuseOtherFilter(spec, here)
      refuseOpenSignals(spec, here)
      return startLandlock(here, spec, start)
    },
    notEnforced: async (spec) => planLandlock(spec, machine().abi).notEnforced,
  }
}

function findMachine(options: LandlockOptions): LandlockMachine {
  const architecture = ownArchitecture()
  if (architecture === undefined) {
    throw new SandboxError(
      'SANDBOX_UNAVAILABLE',
      `there is no system call filter for ${process.arch}`,
      'run Warder on x86-64 or arm64',
    )
  }
  const programs = options.programs ?? findNativePrograms(['confine'])
  if ('missing' in programs) throw new SandboxError('SANDBOX_UNAVAILABLE', programs.missing, programs.fix)
  const kernel = kernelAbi(programs)
  if (kernel < 1) {
    throw new SandboxError(
      'SANDBOX_UNAVAILABLE',
      'this kernel has no Landlock, or was started without it',
      'use Linux 5.13 or later with CONFIG_SECURITY_LANDLOCK, and landlock in the lsm= boot parameter',
    )
  }
  const cgroups = options.cgroups ?? findCgroups(readCgroupFiles())
  sweepGroups(cgroups)
  const temporaryParent = options.temporaryParent ?? tmpdir()
  const abi = Math.min(kernel, options.abi ?? NEWEST_ABI, NEWEST_ABI)
  return { programs, native: needNative(options.native), architecture, cgroups, abi, temporaryParent }
}

/** The launcher asks the kernel. Below 1: there is no Landlock. */
function kernelAbi(programs: NativePrograms): number {
  const program = programs.open('confine')
  try {
    const answer = execFileSync('/proc/self/fd/3', ['abi'], {
      encoding: 'utf8',
      timeout: 5000,
      env: {},
      stdio: ['ignore', 'pipe', 'ignore', program],
    })
    return Number(answer)
  } finally {
    closeSync(program)
  }
}

async function probeDriver(
  machine: () => LandlockMachine,
  others?: LandlockOptions['others'],
): Promise<Probe> {
  try {
    const guarantees = [...(await probeLandlock(machine())), ...((await others?.()) ?? [])]
    const probe = { driver: 'landlock', available: true, guarantees }
    return { ...probe, level: levelOf(probe) }
  } catch (error) {
    const fix = error instanceof SandboxError ? { fix: error.fix } : {}
    const guarantee: Guarantee = { name: 'seccomp', inForce: false, why: messageOf(error), ...fix }
    return { driver: 'landlock', available: false, guarantees: [guarantee], level: 'none' }
  }
}

/** @throws SandboxError `SANDBOX_UNENFORCEABLE`, naming all that the profile asks for and this level does not keep */
function refuseBelow(spec: SandboxSpec, probe: Probe): void {
  const minimum = spec.minimumLevel ?? 'full'
  const reasons = [
    ...(isAtLeast(levelOf(probe), minimum) ? [] : shortOf(probe, minimum)),
    ...missing(probe.guarantees, spec.requires).map(inWords),
  ]
  if (reasons.length === 0) return
  throw new SandboxError(
    'SANDBOX_UNENFORCEABLE',
    `profile ${spec.profile} asks for level ${minimum}, and the Landlock level does not keep it: ${[...new Set(reasons)].join('; ')}`,
    'make bubblewrap work (run: warder doctor); or, knowing what is lost, set minimum_level: landlock in the profile',
  )
}

/** @throws SandboxError `SANDBOX_CHANGED` when the permit is for another filter than the one that would be loaded */
function refuseOtherFilter(spec: SandboxSpec, { architecture }: LandlockMachine): void {
  if (sha256(seccompProgram(architecture, { noFork: spec.noFork })) === spec.seccompDigest) return
  throw new SandboxError(
    'SANDBOX_CHANGED',
    'the system call filter is not the one the run was decided with',
    'start the daemon again, then the run',
  )
}

/** Before Landlock 6 the kernel lets the command signal whatever runs as the same user, this process among them. */
function refuseOpenSignals({ host }: SandboxSpec, { abi }: LandlockMachine): void {
  if (abi >= 6 || host.uid !== process.getuid?.()) return
  throw new SandboxError(
    'SANDBOX_UNENFORCEABLE',
    `Landlock ${abi} does not hold back signals, and the agent would run as the user Warder runs as: it could end Warder`,
    'use Linux 6.12 or later, or let a Warder of root run the agent as another user',
  )
}
