import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { sha256 } from '../../core/canonical.ts'
import { messageOf } from '../../core/error.ts'
import { newId } from '../../core/id.ts'
import { findCgroups, readCgroupFiles, sweepGroups, type CgroupHost } from './cgroup-host.ts'
import { SandboxError } from './errors.ts'
import { inWords, isAtLeast, levelOf, missing, shortOf } from './level.ts'
import { findNativePrograms, type NativePrograms } from './native-programs.ts'
import { importImage, pinned, skeletonImage } from './podman-image.ts'
import { openPodmanHome, type PodmanHome, type Runtime } from './podman-home.ts'
import { endPause, removeStorage, sweepContainers, type Swept } from './podman-leftovers.ts'
import { canarySpec, probePodman } from './podman-probe.ts'
import { chooseRuntime } from './podman-runtime.ts'
import type { TakeOutbox } from './podman-outbox.ts'
import { startPodman, type PodmanMachine, type PodmanStartOptions } from './podman-start.ts'
import { ownArchitecture, seccompProgram } from './seccomp.ts'
import { needNative } from './stdio.ts'
import type { Native } from '../../platform/native.ts'
import type { Guarantee, Probe, Running, SandboxDriver } from './driver.ts'
import type { SandboxSpec } from './spec.ts'

export interface PodmanOptions {
  readonly native: Native | { readonly missing: string }
  /** A folder of Warder's own, on a disk, for images, containers and podman's configuration. */
  readonly state: string
  /** Absolute path of podman. Never looked up: what is first in PATH may be anybody's. */
  readonly podman?: string
  /** Absent: what the build made. */
  readonly programs?: NativePrograms | { readonly missing: string; readonly fix: string }
  /** Absent: what /proc tells. */
  readonly cgroups?: CgroupHost
  /** The digest of an image for tasks; they then see nothing of the machine's system. Absent: its /usr, to read. */
  readonly image?: string
  /** `required`, the default: without its limits in force nothing starts. `reported`: it starts, and each says that it is not. */
  readonly limits?: 'required' | 'reported'
  /** What is done with the results of a task whose spec has an outbox; absent: such a spec is refused. */
  readonly takeOutbox?: TakeOutbox
  /** Guarantees that others keep, such as spawn records. */
  readonly others?: () => Promise<readonly Guarantee[]>
}

export interface PodmanDriver extends SandboxDriver {
  /** @throws SandboxError when the container was not made exactly as described; then nothing ran */
  start(spec: SandboxSpec, options: PodmanStartOptions): Promise<Running>
  /** Makes an image from an archive of a root file system; returns the digest that `image` takes. */
  importImage(archive: Uint8Array, name: string): Promise<string>
  /** Ends and removes what daemons that are gone have left; done before the first start anyway. */
  sweep(): Promise<Swept>
  /** Lets go of what podman keeps between runs. */
  close(): void
  /** Removes images and everything else podman keeps in the state folder; nothing may run. */
  removeStorage(): Promise<void>
}

interface Found {
  machine?: Promise<{ readonly machine: PodmanMachine; readonly passedOver: readonly string[] }>
  probe?: Promise<Probe>
  trying?: Promise<Probe>
}

/**
 * The driver for code nobody vouches for: containers that podman makes around a process 1 of ours, which carries the
 * bytes, runs further commands, and stops and ends everybody. As root they have no user namespace of their own.
 */
export function createPodmanDriver(options: PodmanOptions): PodmanDriver {
  const found: Found = {}
  const machine = () => (found.machine ??= findMachine(options))
  const tryAnew = async () => {
    delete found.machine // podman or a runtime may have come, gone or changed
    const result = await probeDriver(machine, options.others)
    // what did not work may work later: then the next start tries again
    if (result.available) found.probe = Promise.resolve(result)
    else delete found.probe
    return result
  }
  // many who ask at once share one try
  const probe = () => (found.trying ??= tryAnew().finally(() => delete found.trying))
  const lastProbe = () => found.probe ?? probe()
  const home = () => openPodmanHome(options.state, options.podman)
  return {
    name: 'podman',
    probe,
    lastProbe,
    start: async (spec, start) => {
      refuseBelow(spec, await lastProbe())
      const here = (await machine()).machine
      refuseOtherFilter(spec, here)
      return startPodman(here, spec, start)
    },
    notEnforced: async () => NOT_ENFORCED.filter((_, i) => i > 0 || process.geteuid?.() === 0),
    importImage: (archive, name) => importImage(home(), archive, name),
    sweep: () => sweepContainers(home()),
    close: () => endPause(home()),
    removeStorage: () => removeStorage(home()),
  }
}

const NOT_ENFORCED = [
  'the container has no user namespace of its own: the agent is the owner of the workspace outside as well, without any capability',
  'a place exchanged while podman makes the container is seen before the command begins, and the start refused, not prevented',
]

async function findMachine(options: PodmanOptions) {
  const architecture = ownArchitecture()
  if (architecture === undefined) {
    throw new SandboxError(
      'SANDBOX_UNAVAILABLE',
      `there is no system call filter for ${process.arch}`,
      'run Warder on x86-64 or arm64',
    )
  }
  const home = openPodmanHome(options.state, options.podman)
  const programs = options.programs ?? findNativePrograms(['init'])
  if ('missing' in programs) throw new SandboxError('SANDBOX_UNAVAILABLE', programs.missing, programs.fix)
  const cgroups = options.cgroups ?? findCgroups(readCgroupFiles())
  sweepGroups(cgroups)
  await sweepContainers(home)
  const trial: Omit<PodmanMachine, 'runtime'> = {
    ...{
      home,
      native: needNative(options.native),
      programs,
      architecture,
      cgroups,
      mustLimit: options.limits !== 'reported',
      ...(options.takeOutbox === undefined ? {} : { takeOutbox: options.takeOutbox }),
    },
    ...{ imageOf: imageOf(home, options.image), hasOwnImage: options.image !== undefined },
  }
  const { runtime, passedOver } = await chooseRuntime(home, (each) => startsOne(trial, home, each))
  return { machine: { ...trial, runtime }, passedOver }
}

/** @throws when that runtime starts no container */
async function startsOne(
  trial: Omit<PodmanMachine, 'runtime'>,
  home: PodmanHome,
  runtime: Runtime,
): Promise<void> {
  const folder = mkdtempSync(join(home.temporary, 'trial-'))
  try {
    const machine: PodmanMachine = {
      ...trial,
      ...{ runtime, mustLimit: false, hasOwnImage: false, imageOf: imageOf(home) },
    }
    const spec = canarySpec(machine, folder, ['-c', 'echo works'])
    const run = await startPodman(machine, spec, { runId: newId(), agent: 'trial' })
    run.stderr.resume()
    const [said] = await Promise.all([text(run.stdout), run.exit])
    if (said !== 'works\n') throw new Error('a command in it does not answer')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** One import for each set of links, however many ask at once. */
function imageOf(home: PodmanHome, own?: string): PodmanMachine['imageOf'] {
  const known = new Map<string, Promise<string>>()
  return async ({ mounts }) => {
    if (own !== undefined) return pinned(own)
    const links = mounts.filter(({ type }) => type === 'link')
    const key = JSON.stringify(links)
    const image = known.get(key) ?? skeletonImage(home, links)
    known.set(key, image)
    image.catch(() => known.delete(key)) // the next one tries again
    return image
  }
}

async function probeDriver(
  machine: () => ReturnType<typeof findMachine>,
  others?: PodmanOptions['others'],
): Promise<Probe> {
  try {
    const found = await machine()
    const own = await probePodman({
      ...found.machine,
      hasOwnImage: false,
      imageOf: imageOf(found.machine.home),
    })
    const guarantees = [
      ...own.map((each) => withRuntime(each, found)),
      outboxGuarantee(found.machine),
      ...((await others?.()) ?? []),
    ]
    const probe = { driver: 'podman', available: true, guarantees }
    return { ...probe, level: levelOf(probe) }
  } catch (error) {
    const fix = error instanceof SandboxError ? { fix: error.fix } : {}
    const guarantee: Guarantee = { name: 'namespaces', inForce: false, why: messageOf(error), ...fix }
    return { driver: 'podman', available: false, guarantees: [guarantee], level: 'none' }
  }
}

function outboxGuarantee({ takeOutbox }: PodmanMachine): Guarantee {
  return takeOutbox === undefined
    ? { name: 'outbox', inForce: false, why: 'nobody here takes results out' }
    : { name: 'outbox', inForce: true, why: 'in memory of a fixed size; emptied when nobody inside is left' }
}

/** Told once, where one looks first. */
function withRuntime(
  guarantee: Guarantee,
  { machine, passedOver }: Awaited<ReturnType<typeof findMachine>>,
): Guarantee {
  if (guarantee.name !== 'namespaces') return guarantee
  const { home, runtime } = machine
  const user = home.isRootless ? 'with a user namespace' : 'without a user namespace'
  return { ...guarantee, why: [`${guarantee.why}; by ${runtime}, ${user}`, ...passedOver].join('; not by ') }
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
    `profile ${spec.profile} asks for level ${minimum}, and containers do not keep it: ${[...new Set(reasons)].join('; ')}`,
    'make bubblewrap work (run: warder doctor); or, knowing what is lost, set minimum_level: container in the profile',
  )
}

/** @throws SandboxError `SANDBOX_CHANGED` when the permit is for another filter than the one that would be loaded */
function refuseOtherFilter(spec: SandboxSpec, { architecture }: PodmanMachine): void {
  if (sha256(seccompProgram(architecture, { noFork: spec.noFork })) === spec.seccompDigest) return
  throw new SandboxError(
    'SANDBOX_CHANGED',
    'the system call filter is not the one the run was decided with',
    'start the daemon again, then the run',
  )
}
