import { lstatSync } from 'node:fs'
import { join, relative } from 'node:path'
import { messageOf } from '../../core/error.ts'
import { SandboxError, type SandboxSpec } from '../../enforce/sandbox/index.ts'
import { describe, Looker, markOf, type Entry, type Monitor } from '../../watch/integrity/index.ts'
import type { BuiltRun } from './run-watcher.ts'

/** A model, or a folder of them, as a box shows it. */
export interface ShownModels {
  /** Where it lies out here. */
  readonly host: string
  readonly inside: string
}

export interface ModelCheck {
  /** The models the owner named. */
  readonly named: readonly string[]
  /** What was signed of them, after one more look; undefined where there is no baseline. */
  readonly look: (paths: readonly string[]) => Promise<Monitor | undefined>
}

/**
 * Lets a run begin only when every model its box shows is the one that was signed: looked at while the box stands and its
 * command is still held back, through the box itself, so that nothing else can be put in its place on the way.
 *
 * @throws SandboxError `SANDBOX_MODEL_REFUSED`
 */
export async function checkModels({ init, spec }: BuiltRun, { named, look }: ModelCheck): Promise<void> {
  const shown = shownModels(spec, named)
  const [first] = shown
  if (first === undefined) return
  const monitor = await look(shown.map(({ host }) => host)).catch((error: unknown) => {
    throw refused(messageOf(error), 'warder integrity status')
  })
  if (monitor?.baseline === undefined)
    throw refused(`nothing was signed that ${first.host} could be compared with`, 'warder integrity baseline')
  const [problem] = monitor.problems
  if (problem !== undefined) throw refused(problem, 'warder integrity status')
  for (const models of shown) {
    refuseChanged(monitor, models.host)
    const { signed, seen } = monitor.below(models.host)
    if (signed.length === 0)
      throw refused(`${models.host} is not in the baseline`, 'warder integrity baseline')
    for (const entry of signed)
      if (entry.kind === 'file') await refuseOther(init.pid, models, entry, seen.get(entry.path))
  }
}

/** Whatever of them could be read inside; what another mount covers there is not looked at. */
export function shownModels({ mounts }: SandboxSpec, named: readonly string[]): ShownModels[] {
  return mounts.flatMap((mount) => {
    if (mount.type !== 'bind' && mount.type !== 'overlay') return []
    return named.flatMap((path): ShownModels[] => {
      if (!isIn(path, mount.source) && !isIn(mount.source, path)) return []
      const host = isIn(path, mount.source) ? path : mount.source
      const inside = join(mount.path, relative(mount.source, host))
      return mounts.findLast((each) => isIn(inside, each.path)) === mount ? [{ host, inside }] : []
    })
  })
}

/** One that is gone, or was put away, can be read by nobody. */
function refuseChanged(monitor: Monitor, host: string): void {
  const found = monitor.violations.find(({ path, what }) => what !== 'missing' && isIn(path, host))
  if (found !== undefined) throw refused(describe(found), 'warder integrity diff')
}

/** What was read is this very file in this very state; where the box shows another one, that is read too. */
async function refuseOther(
  pid: number,
  { host, inside }: ShownModels,
  signed: Entry,
  seen: Entry | undefined,
): Promise<void> {
  const path = join(`/proc/${pid}/root`, inside, relative(host, signed.path))
  const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  if (stat === undefined || (seen !== undefined && seen.mark === markOf(stat))) return
  const looker = new Looker({ attributes: undefined, pause: () => undefined })
  const there = await looker.entry(path, 'model', stat)
  if (there?.kind === 'file' && there.sha256 === signed.sha256) return
  throw refused(`${signed.path} is shown as something else than was signed`, 'warder integrity diff')
}

function isIn(path: string, place: string): boolean {
  return path === place || path.startsWith(place === '/' ? '/' : `${place}/`)
}

function refused(why: string, look: string): SandboxError {
  return new SandboxError(
    'SANDBOX_MODEL_REFUSED',
    `the run would see a model that is not as it was signed: ${why}`,
    `look at it: ${look}; or start a run that does not see it`,
  )
}
