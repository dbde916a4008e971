import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Probe } from '../enforce/sandbox/index.ts'
import type { ChangeSets, Clones, Disk, Snapshots } from '../enforce/workspace/index.ts'
import { Layers, type LayerRequest, type LayersOptions } from './layers.ts'

const GIB = 1024 ** 3
const LIMITS = { mostLayerBytes: 10 * GIB, leastFreeBytes: GIB }
const code = (wanted: string) => (error: unknown) => (error as { code?: string }).code === wanted

interface Told {
  readonly isEmpty?: () => boolean
  readonly remove?: () => void
  readonly isContinued?: boolean
  readonly disk?: Partial<Disk>
  readonly isWatched?: boolean
  readonly isLarge?: boolean
}

/** Layers over rooms that only note what was asked of them. */
function layersWith({ isEmpty, remove, isContinued = false, disk, isWatched = true, isLarge }: Told = {}) {
  const did: string[] = []
  const opened = { isContinued, close: () => void did.push('closed') }
  const sets: Partial<ChangeSets> = {
    open: async () => ({ set: { upper: '/s/upper', work: '/s/work' } as never, ...opened }),
    isEmpty: isEmpty ?? (() => true),
    remove: remove ?? (() => void did.push('removed')),
  }
  const clones: Partial<Clones> = {
    open: async () => ({ clone: { tree: '/s/tree' } as never, ...opened }),
    remove: async () => void did.push('clone removed'),
  }
  const snapshots: Partial<Snapshots> = {
    takeIfCheap: async () => {
      did.push('snapshot')
      return isLarge ? undefined : ({} as never)
    },
  }
  const options: LayersOptions = {
    sets: sets as ChangeSets,
    clones: clones as Clones,
    snapshots: snapshots as Snapshots,
    byDefault: 'auto',
    probe: async () => ({ guarantees: [{ name: 'overlay', inForce: true, why: 'x' }] }) as unknown as Probe,
    disk: { freeBytes: () => 5 * GIB, totalBytes: () => 100 * GIB, usedBytes: async () => 0, ...disk },
    limits: LIMITS,
    placeFor: (uid) => `/state/${uid}`,
    isWatched: () => isWatched,
  }
  return { layers: new Layers(options), did }
}

function asked(more: object = {}, workspace = 'read-write'): LayerRequest {
  const request = { kind: 'run', agent: 'builder', ...more }
  const profile = { filesystem: { workspace }, protected: [] }
  return { request, profile, workspace: '/w', host: { uid: 1000, gid: 1000 } } as unknown as LayerRequest
}

test('a layer is let go though it cannot be looked at, or not be removed', async () => {
  const boom = (): never => {
    throw new Error('the disk is gone')
  }
  for (const told of [{ isEmpty: boom }, { remove: boom }]) {
    const { layers, did } = layersWith(told)
    const { close } = await layers.open(asked())
    await assert.rejects(close(true), /the disk is gone/)
    assert.deepEqual(did, ['closed'], 'held any longer, the agent could never run again')
  }
})

test('a layer with nothing in it goes with its run, one with changes stays', async () => {
  const empty = layersWith()
  await (await empty.layers.open(asked())).close(true)
  assert.deepEqual(empty.did, ['removed', 'closed'])
  const changed = layersWith({ isEmpty: () => false })
  await (await changed.layers.open(asked())).close(true)
  assert.deepEqual(changed.did, ['closed'])
})

test('a clone goes only when it was made for a run that never began', async () => {
  const ends = async (isContinued: boolean, hasRun: boolean) => {
    const { layers, did } = layersWith({ isContinued })
    await (await layers.open(asked({ workspaceMode: 'worktree' }))).close(hasRun)
    return did
  }
  assert.deepEqual(await ends(false, false), ['closed', 'clone removed'])
  assert.deepEqual(await ends(false, true), ['closed'])
  assert.deepEqual(await ends(true, false), ['closed'])
  assert.deepEqual(await ends(true, true), ['closed'])
})

test('nothing is opened on a disk without room: where a layer would lie, or the workspace itself', async () => {
  for (const [mode, full] of [
    ['overlay', '/state/1000'],
    ['worktree', '/state/1000'],
    ['direct', '/w'],
  ]) {
    const freeBytes = (path: string) => (path === full ? GIB - 1 : GIB)
    const { layers, did } = layersWith({ disk: { freeBytes } })
    await assert.rejects(layers.open(asked({ workspaceMode: mode })), code('WORKSPACE_NO_ROOM'))
    assert.deepEqual(did, [], mode)
    await layers.open(asked({ workspaceMode: mode }, 'read-only')) // and one that writes nothing needs none
    const other = layersWith({ disk: { freeBytes: (path) => (path === full ? GIB : 0) } })
    await other.layers.open(asked({ workspaceMode: mode }))
  }
})

test('a layer that is too large takes no further run, and is let go as it is', async () => {
  const disk = { usedBytes: async () => 10 * GIB + 1 }
  const set = layersWith({ disk, isContinued: true, isEmpty: () => false })
  await assert.rejects(set.layers.open(asked()), code('CHANGES_TOO_LARGE'))
  assert.deepEqual(set.did, ['closed'])
  const old = layersWith({ disk, isContinued: true })
  await assert.rejects(old.layers.open(asked({ workspaceMode: 'worktree' })), code('CHANGES_TOO_LARGE'))
  assert.deepEqual(old.did, ['closed'], 'what the agent did stays')
  const fresh = layersWith({ disk })
  await assert.rejects(fresh.layers.open(asked({ workspaceMode: 'worktree' })), code('CHANGES_TOO_LARGE'))
  assert.deepEqual(fresh.did, ['closed', 'clone removed'])
})

test('who only looks is told what holds the size, and is told no more than that', async () => {
  const words = async (told: Told, more: object = {}) =>
    (await layersWith(told).layers.describe(asked(more))).notes.join('\n')
  assert.match(await words({}), /may take 10 GiB.*measured when it starts, and then every 3s.*no hard limit/)
  assert.match(await words({}), /1 GiB must stay free.*and then every 3s/)
  assert.match(await words({ isWatched: false }), /10 GiB.*not while it runs: a look and no limit/)
  const small = { disk: { totalBytes: () => 2 * GIB } }
  assert.match(await words(small), /at most 2 GiB: a hard limit, of the file system or quota/)
  const direct = await words(small, { workspaceMode: 'direct' })
  assert.match(direct, /no limit of its own/)
  assert.doesNotMatch(direct, /hard limit/)
  assert.deepEqual((await layersWith().layers.describe(asked({}, 'read-only'))).notes, [])
  assert.deepEqual(layersWith().did, [])
})

test('a command in an agent’s name that may write says where, and a run does not have to', async () => {
  const notes = async (more: object, workspace?: string) =>
    (await layersWith().layers.open(asked(more, workspace))).notes.join()
  assert.match(await notes({ kind: 'exec' }), /straight into the workspace.*warder exec --in builder/)
  assert.equal(await notes({ kind: 'exec' }, 'read-only'), '')
  assert.equal(
    await notes({ kind: 'exec', agent: undefined }),
    '',
    'an owner’s own command writes as its owner does',
  )
  assert.equal(await notes({ workspaceMode: 'direct' }), '')
})

test('what a run writes directly is kept before, or it is said that it was not', async () => {
  const small = layersWith()
  assert.deepEqual((await small.layers.open(asked({ workspaceMode: 'direct' }))).notes, [])
  assert.deepEqual(small.did, ['snapshot'])
  const large = await layersWith({ isLarge: true }).layers.open(asked({ workspaceMode: 'direct' }))
  assert.match(large.notes.join(), /too large to be kept.*warder snapshot take/)
  const command = layersWith()
  await command.layers.open(asked({ kind: 'exec' }))
  assert.deepEqual(command.did, [], 'one command is not worth a copy of everything')
})
