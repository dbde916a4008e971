import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { sha256 } from '../../core/canonical.ts'
import { messageOf } from '../../core/error.ts'
import { SandboxError } from './errors.ts'
import { startBubblewrap, type Machine } from './bubblewrap.ts'
import { findCgroups, readCgroupFiles, sweepGroups, type CgroupHost } from './cgroup-host.ts'
import { findNativePrograms } from './native-programs.ts'
import { probeMachine } from './probe.ts'
import { ownArchitecture, seccompProgram } from './seccomp.ts'
import { needNative } from './stdio.ts'
import type { Native } from '../../platform/native.ts'
import type { Guarantee, Probe, SandboxDriver } from './driver.ts'
import type { SandboxSpec } from './spec.ts'

export interface BubblewrapOptions {
  readonly native: Native | { readonly missing: string }
  /** Absolute path of bubblewrap. Never looked up: what is first in PATH may be anybody's. */
  readonly bwrap?: string
  /** Absent: what /proc tells. */
  readonly cgroups?: CgroupHost
  /** Where the native programs lie. Absent: where they were built to. */
  readonly programs?: string
  /** Guarantees that others keep, such as spawn records. */
  readonly others?: () => Promise<readonly Guarantee[]>
}

const BWRAP = '/usr/bin/bwrap'

/** The driver on this machine. A probe tries everything anew; a start goes by the last one, and makes it if there is none. */
export function createBubblewrapDriver(options: BubblewrapOptions): SandboxDriver {
  const found: { machine?: Machine; probe?: Promise<Probe>; trying?: Promise<Probe> } = {}
  const machine = () => (found.machine ??= findMachine(options))
  const tryAnew = async () => {
    delete found.machine // bubblewrap itself may have come, gone or changed
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
    name: 'bubblewrap',
    probe,
    lastProbe,
    start: async (spec, start) => {
      const here = machine()
      if (spec.requires.length > 0) refuseMissing(spec, await lastProbe())
      return startBubblewrap(here, spec, start)
    },
  }
}

/** The digest of the filter this machine will load; part of every spec. */
export function seccompDigestHere(noFork: boolean): string {
  return sha256(seccompProgram(architectureHere(), { noFork }))
}

function architectureHere(): Machine['architecture'] {
  const architecture = ownArchitecture()
  if (architecture !== undefined) return architecture
  throw new SandboxError(
    'SANDBOX_UNAVAILABLE',
    `there is no system call filter for ${process.arch}`,
    'run Warder on x86-64 or arm64',
  )
}

function findMachine({ native, bwrap = BWRAP, cgroups, programs }: BubblewrapOptions): Machine {
  const architecture = architectureHere()
  try {
    accessSync(bwrap, constants.X_OK)
  } catch (cause) {
    throw new SandboxError(
      'SANDBOX_UNAVAILABLE',
      `${bwrap} is not there`,
      'as root: apt install bubblewrap',
      { cause },
    )
  }
  const help = execFileSync(bwrap, ['--help'], { encoding: 'utf8', timeout: 5000, env: {} })
  const lacking = ['--disable-userns', '--json-status-fd', '--size', '--perms', '--seccomp'].filter(
    (option) => !help.includes(option),
  )
  if (lacking.length > 0) {
    throw new SandboxError(
      'SANDBOX_UNAVAILABLE',
      `${bwrap} does not know ${lacking.join(', ')}`,
      'install bubblewrap 0.8 or later',
    )
  }
  const host = cgroups ?? findCgroups(readCgroupFiles())
  sweepGroups(host)
  return {
    bwrap,
    native: needNative(native),
    architecture,
    cgroups: host,
    hasBindFd: help.includes('--bind-fd'),
    ...programsIn(programs),
  }
}

function programsIn(directory?: string): Pick<Machine, 'programs' | 'programsMissing'> {
  const found = findNativePrograms(['launcher', 'init'], directory)
  return 'missing' in found ? { programsMissing: found } : { programs: found }
}

async function probeDriver(machine: () => Machine, others?: BubblewrapOptions['others']): Promise<Probe> {
  try {
    const guarantees = await probeMachine(machine())
    return {
      driver: 'bubblewrap',
      available: true,
      guarantees: [...guarantees, ...((await others?.()) ?? [])],
    }
  } catch (error) {
    const fix = error instanceof SandboxError ? { fix: error.fix } : {}
    const guarantee: Guarantee = { name: 'namespaces', inForce: false, why: messageOf(error), ...fix }
    return { driver: 'bubblewrap', available: false, guarantees: [guarantee] }
  }
}

/** @throws SandboxError `SANDBOX_UNENFORCEABLE`, naming every guarantee the profile asks for and the machine lacks */
function refuseMissing(spec: SandboxSpec, probe: Probe): void {
  const missing = spec.requires.flatMap((name) => {
    const guarantee = probe.guarantees.find((candidate) => candidate.name === name)
    return guarantee?.inForce === true ? [] : [{ name, guarantee }]
  })
  if (missing.length === 0) return
  const [first] = missing
  throw new SandboxError(
    'SANDBOX_UNENFORCEABLE',
    `profile ${spec.profile} requires ${missing.map(({ name, guarantee }) => `${name} (${guarantee?.why ?? 'unknown here'})`).join(', ')}`,
    first?.guarantee?.fix ?? 'run: warder doctor',
  )
}
