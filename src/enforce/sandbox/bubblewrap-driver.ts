import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { sha256 } from '../../core/canonical.ts'
import { messageOf } from '../../core/error.ts'
import { SandboxError } from './errors.ts'
import { startBubblewrap, type Machine } from './bubblewrap.ts'
import { findCgroups, readCgroupFiles, sweepGroups, type CgroupHost } from './cgroup-host.ts'
import { Foreman } from './foreman.ts'
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
  const found: Found = {}
  const machine = () => (found.machine ??= findMachine(options, found))
  const tryAnew = async () => {
    delete found.machine // bubblewrap itself may have come, gone or changed
    found.foreman?.retire() // and the launcher it came from
    delete found.foreman
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

/** What was found on this machine, and is kept until it is looked at anew. */
interface Found {
  machine?: Machine
  foreman?: Foreman
  probe?: Promise<Probe>
  trying?: Promise<Probe>
}

/** The digest of the filter this machine will load; part of every spec. */
export function seccompDigestHere(noFork: boolean): string {
  return filterOf(architectureHere(), noFork).digest
}

interface Filter {
  readonly program: Uint8Array
  readonly digest: string
}

/** Each is made once: it never changes, and making it takes as long as a few mounts. */
const FILTERS = new Map<string, Filter>()

function filterOf(architecture: Machine['architecture'], noFork: boolean): Filter {
  const key = `${architecture} ${noFork}`
  const known = FILTERS.get(key)
  if (known !== undefined) return known
  const program = seccompProgram(architecture, { noFork })
  const made = { program, digest: sha256(program) }
  FILTERS.set(key, made)
  return made
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

function findMachine(options: BubblewrapOptions, found: Found): Machine {
  const { bwrap = BWRAP, cgroups } = options
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
  const native = needNative(options.native)
  return {
    bwrap,
    native,
    architecture,
    filter: (noFork) => filterOf(architecture, noFork).program,
    cgroups: host,
    hasBindFd: help.includes('--bind-fd'),
    ...programsIn(native, options.programs, found),
  }
}

function programsIn(
  native: Native,
  directory: string | undefined,
  kept: Found,
): Pick<Machine, 'programs' | 'programsMissing' | 'foreman'> {
  const programs = findNativePrograms(['launcher', 'init'], directory)
  if ('missing' in programs) return { programsMissing: programs }
  const foreman = () => {
    if (kept.foreman?.isClosed !== false) kept.foreman = new Foreman(native, programs)
    return kept.foreman
  }
  return { programs, foreman }
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
