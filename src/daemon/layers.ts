import type { RunInput } from '../api/endpoints.ts'
import type { Layer, Probe, Profile, SandboxSpec } from '../enforce/sandbox/index.ts'
import {
  refuseFullDisk,
  refuseTooLarge,
  type ChangeSets,
  type Clones,
  type Disk,
  type DiskLimits,
  type Snapshots,
} from '../enforce/workspace/index.ts'
import type { z } from 'zod'
import { sizeWords } from './layer-size.ts'

export const WORKSPACE_MODES = ['overlay', 'worktree', 'direct'] as const
export type WorkspaceMode = (typeof WORKSPACE_MODES)[number]

export interface LayersOptions {
  readonly sets: ChangeSets
  readonly clones: Clones
  readonly snapshots: Snapshots
  /** What agents get that are asked for without a mode; `auto`: an overlay where there can be one. */
  readonly byDefault: WorkspaceMode | 'auto'
  readonly probe: () => Promise<Probe>
  readonly disk: Disk
  readonly limits: DiskLimits
  /** Where layers of agents that run as this user are made. */
  readonly placeFor: (uid: number) => string
  /** Whether somebody looks at their size while runs write to them. */
  readonly isWatched: () => boolean
}

export interface LayerRequest {
  readonly request: z.output<typeof RunInput>
  readonly profile: Profile
  /** Resolved. */
  readonly workspace: string
  /** Who it will run as. */
  readonly host: SandboxSpec['host']
}

export interface OpenLayer {
  readonly layer?: Layer
  /** What a person should know of it before the run. */
  readonly notes: readonly string[]
  /** The run is over, or will not be. @param hasRun false only when it is certain that nothing was ever started in it */
  readonly close: (hasRun: boolean) => Promise<void>
}

const NOT_KEPT =
  'the workspace is too large to be kept in passing; to be able to go back: warder snapshot take'

const NOTHING: OpenLayer = { notes: [], close: async () => undefined }

/** Where an agent's changes go: aside, or straight into the workspace. */
export class Layers {
  readonly #options: LayersOptions

  constructor(options: LayersOptions) {
    this.#options = options
  }

  /**
   * Makes what the run will write to, or goes on with what an earlier run of the agent left.
   *
   * @throws WorkspaceError when it cannot, or when that, or its disk, is full; then nothing runs
   */
  async open(asked: LayerRequest): Promise<OpenLayer> {
    if (!writes(asked)) return NOTHING
    const { disk, limits, snapshots } = this.#options
    const { mode, notes } = await this.#modeOf(asked)
    refuseFullDisk(disk, this.#placeOf(mode, asked), limits)
    if (mode === 'overlay') return await this.#overlay(asked)
    if (mode === 'worktree') return await this.#clone(asked)
    if (asked.request.kind !== 'run') return { ...NOTHING, notes }
    const taken = await snapshots.takeIfCheap(asked.workspace, `before ${asked.request.agent ?? 'a run'}`)
    return { ...NOTHING, notes: taken === undefined ? [...notes, NOT_KEPT] : notes }
  }

  /** The same in words, with nothing made: for whoever only looks. */
  async describe(asked: LayerRequest): Promise<OpenLayer> {
    if (!writes(asked)) return NOTHING
    const { mode, notes } = await this.#modeOf(asked)
    const size = { ...this.#options, isAside: mode !== 'direct', place: this.#placeOf(mode, asked) }
    const told = { ...NOTHING, notes: [...notes, ...sizeWords(size, this.#options.isWatched())] }
    if (mode !== 'overlay') return told
    const place = 'made when it starts'
    return { ...told, layer: { mode, upper: place, work: place } }
  }

  #placeOf(mode: WorkspaceMode, { workspace, host }: LayerRequest): string {
    return mode === 'direct' ? workspace : this.#options.placeFor(host.uid)
  }

  async #modeOf({ request }: LayerRequest): Promise<{ mode: WorkspaceMode; notes: string[] }> {
    const { kind, agent, workspaceMode } = request
    if (agent === undefined) return { mode: 'direct', notes: [] }
    if (workspaceMode !== undefined) return { mode: workspaceMode, notes: [] }
    const { byDefault, probe } = this.#options
    if (kind !== 'run') return { mode: 'direct', notes: [execNote(agent)] }
    if (byDefault !== 'auto') return { mode: byDefault, notes: [] }
    const overlay = (await probe()).guarantees.find(({ name }) => name === 'overlay')
    if (overlay?.inForce === true) return { mode: 'overlay', notes: [] }
    const why = overlay?.why ?? 'no driver here has them'
    return { mode: 'direct', notes: [`changes go straight into the workspace: no overlay (${why})`] }
  }

  async #overlay({ request, profile, workspace, host }: LayerRequest): Promise<OpenLayer> {
    const agent = request.agent ?? ''
    const { sets } = this.#options
    const { set, isContinued, close } = await sets.open(agent, workspace, host, profile.protected)
    const { upper, work } = set
    const end = async (): Promise<void> => {
      // a run that changed nothing, or was refused, leaves nothing to decide on
      try {
        if (sets.isEmpty(set)) sets.remove(set)
      } finally {
        close() // held any longer, the agent could never run here again
      }
    }
    if (isContinued) await this.#refuseTooLarge(agent, [upper, work], end) // a new one is empty
    return { layer: { mode: 'overlay', upper, work }, notes: [asideNote(agent, isContinued)], close: end }
  }

  async #clone({ request, workspace, host }: LayerRequest): Promise<OpenLayer> {
    const agent = request.agent ?? ''
    const { clones } = this.#options
    const { clone, isContinued, close } = await clones.open(agent, workspace, host)
    const end = async (hasRun: boolean): Promise<void> => {
      close()
      // nobody asked for a copy of the repository when the answer was no
      if (!hasRun && !isContinued) await clones.remove(clone)
    }
    await this.#refuseTooLarge(agent, [clone.tree], () => end(false))
    const note = isContinued ? 'it goes on in its clone of the repository' : 'it works in a clone of its own'
    const how = `${note}; its commits: warder changes show ${agent}`
    return { layer: { mode: 'worktree', tree: clone.tree }, notes: [how], close: end }
  }

  async #refuseTooLarge(agent: string, directories: readonly string[], end: () => Promise<void>) {
    try {
      await refuseTooLarge(this.#options.disk, directories, agent, this.#options.limits)
    } catch (error) {
      await end()
      throw error
    }
  }
}

function asideNote(agent: string, isContinued: boolean): string {
  return isContinued
    ? `it goes on with its own earlier changes, still aside: warder changes show ${agent}`
    : `what it changes stays aside until you say so: warder changes show ${agent}`
}

/** One command is not worth a layer to be decided on; what it does not see is what the agent's own run keeps aside. */
function execNote(agent: string): string {
  return `what this command changes goes straight into the workspace; to run one with the changes of ${agent}, while it runs: warder exec --in ${agent}`
}

function writes({ profile }: LayerRequest): boolean {
  return profile.filesystem.workspace === 'read-write'
}
