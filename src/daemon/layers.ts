import type { RunInput } from '../api/endpoints.ts'
import type { Layer, Probe, Profile, SandboxSpec } from '../enforce/sandbox/index.ts'
import type { ChangeSets, Clones, Snapshots } from '../enforce/workspace/index.ts'
import type { z } from 'zod'

export const WORKSPACE_MODES = ['overlay', 'worktree', 'direct'] as const
export type WorkspaceMode = (typeof WORKSPACE_MODES)[number]

export interface LayersOptions {
  readonly sets: ChangeSets
  readonly clones: Clones
  readonly snapshots: Snapshots
  /** What agents get that are asked for without a mode; `auto`: an overlay where there can be one. */
  readonly byDefault: WorkspaceMode | 'auto'
  readonly probe: () => Promise<Probe>
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
  /** The run is over, or will not be. */
  readonly close: () => void
}

const NOTHING: OpenLayer = { notes: [], close: () => undefined }

/** Where an agent's changes go: aside, or straight into the workspace. */
export class Layers {
  readonly #options: LayersOptions

  constructor(options: LayersOptions) {
    this.#options = options
  }

  /**
   * Makes what the run will write to, or goes on with what an earlier run of the agent left.
   *
   * @throws WorkspaceError when it cannot; then nothing runs
   */
  async open(asked: LayerRequest): Promise<OpenLayer> {
    const { mode, notes } = await this.#modeOf(asked)
    if (mode === 'overlay') return await this.#overlay(asked)
    if (mode === 'worktree') return await this.#clone(asked)
    if (asked.request.kind === 'run' && writes(asked)) {
      await this.#options.snapshots.takeIfCheap(asked.workspace, `before ${asked.request.agent ?? 'a run'}`)
    }
    return { ...NOTHING, notes }
  }

  /** The same in words, with nothing made: for whoever only looks. */
  async describe(asked: LayerRequest): Promise<OpenLayer> {
    const { mode, notes } = await this.#modeOf(asked)
    if (mode !== 'overlay') return { ...NOTHING, notes }
    const place = 'made when it starts'
    return { ...NOTHING, layer: { mode, upper: place, work: place }, notes }
  }

  async #modeOf(asked: LayerRequest): Promise<{ mode: WorkspaceMode; notes: string[] }> {
    const { kind, agent, workspaceMode } = asked.request
    if (!writes(asked) || agent === undefined) return { mode: 'direct', notes: [] }
    if (workspaceMode !== undefined) return { mode: workspaceMode, notes: [] }
    const { byDefault, probe } = this.#options
    if (kind !== 'run') return { mode: 'direct', notes: [] }
    if (byDefault !== 'auto') return { mode: byDefault, notes: [] }
    const overlay = (await probe()).guarantees.find(({ name }) => name === 'overlay')
    if (overlay?.inForce === true) return { mode: 'overlay', notes: [] }
    const why = overlay?.why ?? 'no driver here has them'
    return { mode: 'direct', notes: [`changes go straight into the workspace: no overlay (${why})`] }
  }

  async #overlay({ request, profile, workspace, host }: LayerRequest): Promise<OpenLayer> {
    const agent = request.agent ?? ''
    const { set, isContinued, close } = await this.#options.sets.open(
      agent,
      workspace,
      host,
      profile.protected,
    )
    const { upper, work } = set
    const end = (): void => {
      // a run that changed nothing, or was refused, leaves nothing to decide on
      try {
        if (this.#options.sets.isEmpty(set)) this.#options.sets.remove(set)
      } finally {
        close() // held any longer, the agent could never run here again
      }
    }
    return { layer: { mode: 'overlay', upper, work }, notes: [asideNote(agent, isContinued)], close: end }
  }

  async #clone({ request, workspace, host }: LayerRequest): Promise<OpenLayer> {
    const agent = request.agent ?? ''
    const { clone, isContinued, close } = await this.#options.clones.open(agent, workspace, host)
    const note = isContinued ? 'it goes on in its clone of the repository' : 'it works in a clone of its own'
    const how = `${note}; its commits: warder changes show ${agent}`
    return { layer: { mode: 'worktree', tree: clone.tree }, notes: [how], close }
  }
}

function asideNote(agent: string, isContinued: boolean): string {
  return isContinued
    ? `it goes on with its own earlier changes, still aside: warder changes show ${agent}`
    : `what it changes stays aside until you say so: warder changes show ${agent}`
}

function writes({ profile }: LayerRequest): boolean {
  return profile.filesystem.workspace === 'read-write'
}
