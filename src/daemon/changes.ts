import { join } from 'node:path'
import { sha256 } from '../core/canonical.ts'
import { messageOf } from '../core/error.ts'
import { newId } from '../core/id.ts'
import {
  Changes,
  ChangeSets,
  Clones,
  hostDisk,
  refuseFullDisk,
  Snapshots,
  Transactions,
  WorkspaceError,
  type DiskLimits,
  type Recovered,
} from '../enforce/workspace/index.ts'
import type { GateEvent } from '../gate/index.ts'
import type { SettingValues } from '../platform/settings.ts'
import { openExtendedAttributes, type ExtendedAttributes } from '../platform/extended-attributes.ts'
import type { Log } from '../platform/log.ts'
import type { Acts } from './acts.ts'
import { changesHandlers } from './http/changes.ts'
import { snapshotHandlers } from './http/snapshots.ts'
import { Layers, type LayersOptions } from './layers.ts'
import { LayerWatch, type LayerWatchOptions } from './layer-watch.ts'
import { GIVEN_AWAY } from './own-places.ts'
import { workspaceAt, type Workspaces } from './workspace-paths.ts'

/** Several houses of root's may stand on one machine: none may see, or sweep away, what is another's. */
function givenAway(state: string, name: string): string {
  return join(GIVEN_AWAY.layers, `${sha256(state).slice(0, 16)}-${name}`)
}

export interface ChangesOptions {
  readonly values: SettingValues
  /** Directories of Warder's own that are no part of any workspace. */
  readonly own: readonly string[]
  readonly acts: Acts
  readonly redact: (text: string) => string
  readonly now: () => number
  readonly log: Log
  readonly record: (event: GateEvent) => Promise<unknown>
}

/**
 * Opens the room of workspaces, with its calls. What an earlier daemon left half done is settled at once; if it cannot
 * be, every later act says so.
 */
export async function openChanges(options: ChangesOptions) {
  const { values, acts, redact, log, record } = options
  const room = roomOf(options)
  const settle = async (): Promise<void> => {
    for (const each of await room.changes.recover()) await record(recoveredEvent(each))
  }
  try {
    await settle()
  } catch (error) {
    // a daemon that does not start could not even stop an agent
    log.error(`an interrupted change of a workspace is not settled: ${messageOf(error)}`)
  }
  const workspaces: Workspaces = { ...room, settle, find: (path) => workspaceAt(path, options.own) }
  const mostBytes = values['snapshot.max_size']
  const handlers = {
    ...changesHandlers(workspaces, acts),
    ...snapshotHandlers({ workspaces, acts, redact, mostBytes }),
  }
  const limits = limitsOf(values)
  let watch: LayerWatch | undefined
  /** @param live the runs that write; without them nobody looks at sizes while they do, and every plan says so */
  const layers = (probe: LayersOptions['probe'], live?: LayerWatchOptions['live']): Layers => {
    if (live !== undefined) watch = new LayerWatch({ live, disk: hostDisk, limits, record, log })
    const isWatched = (): boolean => watch !== undefined
    return new Layers({
      ...{ ...room, byDefault: values['workspace.mode'] },
      ...{ probe, disk: hostDisk, limits, isWatched },
    })
  }
  return { ...workspaces, handlers, layers, close: () => watch?.close() }
}

function roomOf({ values, redact, now }: ChangesOptions) {
  const attributes = attributesOrRefusal()
  const state = values['paths.state']
  const uid = process.getuid?.() ?? -1
  const canGive = uid === 0
  const placeOf = (name: string) => ({ own: join(state, name), givenAway: givenAway(state, name), uid })
  const sets = new ChangeSets({ ...placeOf('changes'), attributes, now, newId })
  const clones = new Clones({ ...placeOf('clones'), now, newId })
  const transactions = new Transactions(join(state, 'journals'))
  const limits = limitsOf(values)
  const snapshots = new Snapshots({
    directory: join(state, 'snapshots'),
    attributes,
    transactions,
    mostBytes: values['snapshot.max_size'],
    keep: values['snapshot.keep'],
    checkRoom: () => refuseFullDisk(hostDisk, state, limits),
    canGive,
    now,
    newId,
  })
  const changes = new Changes({ sets, snapshots, transactions, attributes, redact, canGive })
  const placeFor = (agentUid: number): string => (agentUid === uid ? state : GIVEN_AWAY.layers)
  return { sets, clones, changes, snapshots, placeFor }
}

function limitsOf(values: SettingValues): DiskLimits {
  return { mostLayerBytes: values['workspace.max_layer'], leastFreeBytes: values['workspace.min_free'] }
}

/** Without the attributes nobody can tell what an overlay means: what needs them is refused, the daemon goes on. */
function attributesOrRefusal(): ExtendedAttributes {
  const attributes = openExtendedAttributes()
  if (!('missing' in attributes)) return attributes
  const refuse = (): never => {
    throw new WorkspaceError(
      'WORKSPACE_UNREADABLE',
      `extended attributes cannot be read here: ${attributes.missing}`,
      'install Warder again, with its native library',
    )
  }
  return { list: refuse, get: refuse, set: refuse }
}

function recoveredEvent({ about, root, outcome, paths }: Recovered): GateEvent {
  return {
    event_type: 'file',
    agent: 'warder',
    action: 'fs:write',
    target: root,
    capabilities_used: [],
    decision: '',
    decision_id: '',
    layer: 'workspace',
    permit_id: '',
    reason: `an interrupted change was ${outcome}`,
    request_id: '',
    result: outcome === 'finished' ? 'success' : 'cancelled',
    risk_level: 'medium',
    rule: 'workspace.recover',
    details: { about, paths: paths.length, first: paths[0] ?? '' },
  }
}
