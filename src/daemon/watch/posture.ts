import { dirname } from 'node:path'
import type { Credential } from '../../gate/index.ts'
import { componentOf, type Component } from '../../watch/health/index.ts'
import {
  apply,
  installedPlaces,
  keyPlaces,
  MemoryWatch,
  scanFiles,
  scanKeys,
  scanMemory,
  scanNetwork,
  scanPrograms,
  Scans,
  wordsOf,
  type Area,
  type AreaReport,
  type InstalledPlace,
  type Mended,
} from '../../watch/posture/index.ts'
import type { Handlers } from '../http/app.ts'
import { postureHandlers } from '../http/posture.ts'
import { programDirectory } from './host-program.ts'
import { openPorts } from './posture-ports.ts'
import type { Raise, WatchOptions } from './wire.ts'

type Needs = Pick<WatchOptions, 'values' | 'home' | 'own' | 'clock' | 'acts' | 'log'>

export interface OpenPosture {
  readonly handlers: Pick<Handlers, 'postureShow' | 'postureScan'>
  parts(): readonly Component[]
  begin(): void
  close(): void
}

const OWN = ['paths.config', 'paths.state', 'paths.keys', 'paths.runtime'] as const
/** Memory swings within minutes; the rest does not. */
const MEMORY_MS = 60_000

/** Looks the machine over by its schedule and when asked, and mends what its owner lets it. */
export function openPosture({ values, home, clock, acts, log }: Needs, raise: Raise): OpenPosture {
  const now = () => clock.now()
  const uid = process.getuid?.()
  const memory = new MemoryWatch(values['posture.memory_percent'])
  const files = { root: '/', roots: values['posture.roots'], own: OWN.map((key) => values[key]), uid, now }
  const keys = { own: values['paths.keys'], others: keyPlaces(home), uid, now }
  const scans = new Scans({
    ...{ raise, now, monotonicMs: () => clock.monotonicMs(), random: Math.random },
    ...{ intervalMs: values['posture.interval'], timeoutMs: values['posture.timeout'] },
    scans: {
      keys: (signal) => scanKeys(keys, signal),
      memory: () => scanMemory(memory),
      files: (signal) => scanFiles(files, signal),
      network: async () => scanNetwork(openPorts(values['watch.listeners'])),
      programs: (signal) =>
        scanPrograms({ root: '/', isThere, installed: installedPlaces(ownPrograms(uid)) }, signal),
    },
    after: async (reports) => {
      if (values['posture.cleanup'] === 'on') await mend(reports, false, { kind: 'library' })
    },
  })

  /** Each on record before it is done. */
  async function mend(
    reports: readonly AreaReport[],
    isDry: boolean,
    credential: Credential,
  ): Promise<Mended[]> {
    const mends = reports.flatMap(({ weaknesses }) => weaknesses.flatMap((each) => each.mend ?? []))
    if (isDry) return mends.map((each) => ({ mend: each, result: 'would' }))
    const mended: Mended[] = []
    for (const each of mends) {
      const asked = {
        ...{ credential, namespace: 'config', verb: 'write', resource: `posture/${each.kind}` },
        ...{ risk: 'medium' as const, input: { ...each }, reason: wordsOf(each) },
      }
      const { value } = await acts.act(asked, 'policy', async () => apply(each, uid))
      if (value.result === 'failed') log.warn(`not mended: ${wordsOf(each)}: ${value.why}`)
      mended.push(value)
    }
    return mended
  }

  const timer: { memory?: NodeJS.Timeout } = {}
  return {
    handlers: postureHandlers({
      last: () => scans.last(),
      run: (areas: readonly Area[]) => scans.run(areas.length === 0 ? undefined : areas),
      mend,
    }),
    parts: () => [part(scans.last(), values['posture.interval'])],
    begin() {
      scans.begin()
      if (values['posture.interval'] > 0)
        timer.memory = setInterval(() => void scans.run(['memory']), MEMORY_MS).unref()
    },
    close() {
      clearInterval(timer.memory)
      scans.close()
    },
  }
}

function part(reports: readonly AreaReport[], intervalMs: number): Component {
  if (intervalMs === 0 && reports.length === 0)
    return { name: 'posture', state: 'off', why: 'posture.interval is 0s: looked over only when asked' }
  if (reports.length === 0)
    return { name: 'posture', state: 'ok', why: 'the first scan is due within the interval' }
  const facts = reports.map(({ area, failed }) => ({
    ...{ name: area, inForce: failed === undefined },
    ...(failed === undefined ? {} : { why: failed }),
  }))
  return componentOf('posture', facts, 'warder scan posture')
}

/** What Warder itself runs, and is changed by nobody but its owner. */
function ownPrograms(uid: number | undefined): InstalledPlace[] {
  const owners = uid === undefined ? [0] : [0, uid]
  return [programDirectory(), dirname(process.execPath)].map((directory) => ({ directory, owners }))
}

/** Whether the kernel knows that number; that it is another user's means yes. */
function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
