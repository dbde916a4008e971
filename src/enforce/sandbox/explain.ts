import { formatDuration, formatSize } from '../../core/quantity.ts'
import type { LimitReport, Probe } from './driver.ts'
import { lockedReports } from './worker-limits.ts'
import type { Mount, SandboxSpec } from './spec.ts'

/** One row of an explanation. */
export interface ExplainRow {
  readonly what: string
  readonly how: string
  readonly why: string
}

/** What a run will see, may change and cannot have, as tables of words. */
export interface Explanation {
  readonly command: readonly string[]
  readonly cwd: string
  readonly user: string
  readonly visible: readonly ExplainRow[]
  readonly writable: readonly ExplainRow[]
  readonly masked: readonly ExplainRow[]
  /** Names only: values may be secret. */
  readonly environment: readonly string[]
  readonly limits: readonly ExplainRow[]
  readonly network: string
  readonly notEnforced: readonly string[]
  readonly notes: readonly string[]
  readonly digest: string
}

/** Tells a spec to a person. With a probe or the run's own reports, limits say whether they hold here. */
export function explain(
  spec: SandboxSpec,
  known: { readonly probe?: Probe; readonly limits?: readonly LimitReport[] } = {},
): Explanation {
  const rows = (mounts: readonly Mount[], how: (mount: Mount) => string): ExplainRow[] =>
    mounts.map((mount) => ({ what: mount.path, how: how(mount), why: mount.why }))
  const binds = spec.mounts.filter((mount) => mount.type === 'bind')
  const protectedOnes = spec.mounts.filter(({ type }) => type === 'mask')
  return {
    command: spec.argv,
    cwd: spec.cwd,
    user: `${spec.inside.user} (uid ${spec.inside.uid} inside, ${spec.host.uid} outside), no capabilities`,
    visible: rows(
      spec.mounts.filter(
        (mount) =>
          (mount.type === 'bind' && mount.access === 'read') ||
          mount.type === 'link' ||
          mount.type === 'text',
      ),
      (mount) =>
        mount.type === 'bind' ? 'read-only' : mount.type === 'link' ? `link to ${mount.target}` : 'made',
    ),
    writable: [
      ...rows(
        binds.filter((mount) => mount.access === 'write'),
        () => 'read and write',
      ),
      ...rows(
        spec.mounts.filter(({ type }) => type === 'overlay'),
        () => 'read and write; changes stay aside',
      ),
      ...rows(
        spec.mounts.filter(({ type }) => type === 'memory'),
        (mount) => `in memory, up to ${mount.type === 'memory' ? formatSize(mount.sizeBytes) : ''}`,
      ),
    ],
    masked: rows(protectedOnes, (mount) =>
      mount.type === 'mask' && mount.absent ? 'not there, and cannot be made' : 'cannot be read or changed',
    ),
    environment: Object.keys(spec.env),
    limits: known.limits === undefined ? wantedLimits(spec, known.probe) : known.limits.map(reported),
    network: networkOf(spec),
    notEnforced: [
      ...spec.notEnforced,
      ...(known.probe?.guarantees ?? [])
        .filter(({ inForce }) => !inForce)
        .map(({ name, why }) => `${name}: ${why}`),
    ],
    notes: spec.notes,
    digest: spec.digest,
  }
}

function networkOf({ bridge, network }: SandboxSpec): string {
  if (bridge !== undefined)
    return `Warder's egress proxy at 127.0.0.1:${bridge.port} inside, and nothing else: each host is asked for, no other interface, no name service`
  if (network !== undefined)
    return "every TCP connection is led to Warder's egress proxy, which asks for each host; names are answered inside, all else is dropped"
  return 'none: no interface but its own loopback, no host, no name service'
}

function reported({ name, wanted, inForce, by, note }: LimitReport): ExplainRow {
  return {
    what: name,
    how: wanted,
    why: `${inForce ? 'in force' : 'NOT in force'} (${by}${note === undefined ? '' : `; ${note}`})`,
  }
}

function wantedLimits(spec: SandboxSpec, probe: Probe | undefined): ExplainRow[] {
  const { limits } = spec
  const guarantee = (name: string) => {
    const found = probe?.guarantees.find((candidate) => candidate.name === name)
    return found === undefined
      ? 'not tried yet'
      : `${found.inForce ? 'in force' : 'NOT in force'} (${found.why})`
  }
  const row = (what: string, how: string, name?: string): ExplainRow => ({
    what,
    how,
    why: name === undefined ? 'in force (warder)' : guarantee(name),
  })
  return [
    row('memory', formatSize(limits.memoryBytes), 'memory-limit'),
    row('processes', String(limits.processes), 'process-limit'),
    row('cpu', `${limits.cpuPercent}%`, 'cpu-limit'),
    row('open-files', String(limits.openFiles), 'open-files-limit'),
    row('file-size', formatSize(limits.fileBytes), 'file-size-limit'),
    row('core-dumps', 'none', 'core-dump-limit'),
    ...lockedReports(spec).map(reported),
    row('wall-clock', limits.wallMs === undefined ? 'no limit' : formatDuration(limits.wallMs)),
    row('output', limits.outputBytes === undefined ? 'no limit' : formatSize(limits.outputBytes)),
  ]
}
