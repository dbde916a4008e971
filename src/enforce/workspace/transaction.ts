import { randomBytes } from 'node:crypto'
import { readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { KnownError, messageOf, systemCode } from '../../core/error.ts'
import { syncFileSystem } from '../../platform/file-system-sync.ts'
import {
  ensurePrivateDirectory,
  readPrivateFile,
  syncDirectory,
  writeFileAtomic,
} from '../../platform/files.ts'
import { breaths } from './base.ts'
import { inParent } from './below.ts'
import { Directory } from './directory.ts'
import { WorkspaceError } from './errors.ts'
import { makeStage, removeStage, stageAll, stageFor, type Wish } from './stage.ts'
import { readJournal, type Journal, type Step } from './step.ts'
import { takeStep, undoStep, type Ground } from './take-step.ts'

/** What became of an interrupted transaction. */
export interface Recovered {
  readonly about: string
  readonly root: string
  readonly outcome: 'finished' | 'put back'
  readonly paths: readonly string[]
}

const MOST_JOURNAL_BYTES = 256 * 1024 * 1024

/**
 * Changes many files of a directory as if it were one step: all that is new is first written beside it and made to
 * last, then a journal, then each path is exchanged by a rename. What fails is put back; what is interrupted is
 * finished, or put back, by {@link Transactions.recover}.
 */
export class Transactions {
  readonly #directory: string
  #last: Promise<unknown> = Promise.resolve()

  /** @param directory a private one, for journals; it must survive a restart */
  constructor(directory: string) {
    this.#directory = directory
  }

  /** @throws WorkspaceError `WORKSPACE_CHANGED`, `WORKSPACE_UNWRITABLE`, `WORKSPACE_HALF_DONE` */
  run(root: string, about: string, wishes: readonly Wish[]): Promise<void> {
    return this.#alone(() => this.#run(root, about, wishes))
  }

  /** Finishes or puts back what a killed process left. Call it before anything else is done to a workspace. */
  recover(): Promise<Recovered[]> {
    return this.#alone(async () => {
      const recovered: Recovered[] = []
      for (const name of this.#journals()) recovered.push(await this.#recoverOne(join(this.#directory, name)))
      return recovered
    })
  }

  /** One at a time: two would each take the other's half for the state of the world. */
  #alone<T>(act: () => Promise<T>): Promise<T> {
    const next = this.#last.then(act)
    this.#last = next.catch(() => undefined)
    return next
  }

  #journals(): string[] {
    try {
      return readdirSync(this.#directory).filter((name) => name.endsWith('.json'))
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return []
      throw error
    }
  }

  async #run(rootPath: string, about: string, wishes: readonly Wish[]): Promise<void> {
    ensurePrivateDirectory(this.#directory)
    const root = Directory.open(rootPath)
    const file = join(this.#directory, `${randomBytes(8).toString('hex')}.json`)
    const { device, inode } = root.self()
    const stage = stageFor(rootPath, device)
    const write = (state: Journal['state'], steps: Step[]): void =>
      writeFileAtomic(
        file,
        JSON.stringify({
          version: 1,
          state,
          root: { path: rootPath, device: `${device}`, inode: `${inode}` },
          stage,
          about,
          steps,
        } satisfies Journal),
      )
    try {
      write('staging', [])
      const staging = makeStage(stage)
      try {
        const steps = await stageAll(staging, wishes)
        await syncFileSystem(stage)
        write('going', steps)
        await goOrUndo({ root, stage: staging }, steps, () => write('undoing', steps))
        write('done', steps)
      } finally {
        staging.close()
      }
      removeStage(stage)
      rmSync(file, { force: true })
    } catch (error) {
      // a half that could be neither finished nor put back keeps its journal and what was moved aside
      if (!(error instanceof WorkspaceError) || error.code !== 'WORKSPACE_HALF_DONE') {
        removeStage(stage)
        rmSync(file, { force: true })
      }
      throw known(rootPath, error)
    } finally {
      root.close()
    }
  }

  async #recoverOne(file: string): Promise<Recovered> {
    const journal = readJournal(file, readPrivateFile(file, MOST_JOURNAL_BYTES) ?? Buffer.alloc(0))
    const paths = journal.steps.map(({ path }) => path)
    const told = { about: journal.about, root: journal.root.path, paths }
    const end = (outcome: Recovered['outcome']): Recovered => {
      removeStage(journal.stage)
      rmSync(file, { force: true })
      syncDirectory(this.#directory)
      return { ...told, outcome }
    }
    if (journal.state === 'staging') return end('put back')
    if (journal.state === 'done') return end('finished')
    return await withGround(journal, file, async (ground) => {
      const undoing = (): void => writeFileAtomic(file, JSON.stringify({ ...journal, state: 'undoing' }))
      if (journal.state === 'undoing') {
        undoAll(ground, journal.steps)
        return end('put back')
      }
      try {
        await goOrUndo(ground, journal.steps, undoing)
        return end('finished')
      } catch (error) {
        if (error instanceof WorkspaceError && error.code === 'WORKSPACE_HALF_DONE') throw error
        return end('put back')
      }
    })
  }
}

async function goOrUndo(ground: Ground, steps: readonly Step[], undoing: () => void): Promise<void> {
  const pause = breaths(50)
  try {
    for (const [at, step] of steps.entries()) {
      takeStep(ground, step, at)
      await pause()
    }
    syncParents(ground.root, steps)
  } catch (error) {
    try {
      undoing()
    } catch {
      // on a full disk this cannot be written; taking the steps again finds that they were undone, and undoes the rest
    }
    undoAll(ground, steps)
    throw error
  }
}

/** @throws WorkspaceError `WORKSPACE_HALF_DONE` naming what somebody else changed meanwhile */
function undoAll(ground: Ground, steps: readonly Step[]): void {
  const left = [...steps.entries()].toReversed().filter(([at, step]) => !undone(ground, step, at))
  syncParents(ground.root, steps)
  if (left.length === 0) return
  const names = left.map(([, { path }]) => path)
  throw new WorkspaceError(
    'WORKSPACE_HALF_DONE',
    `a change could be neither finished nor put back whole, because others wrote there too: ${names.slice(0, 5).join(', ')}${names.length > 5 ? `, and ${names.length - 5} more` : ''}`,
    'the files that stood there before are kept beside the workspace, in its .warder-stage directory, and in the snapshot taken before: warder snapshot list',
  )
}

function undone(ground: Ground, step: Step, at: number): boolean {
  try {
    return undoStep(ground, step, at)
  } catch {
    return false
  }
}

async function withGround<T>(
  journal: Journal,
  file: string,
  use: (ground: Ground) => Promise<T>,
): Promise<T> {
  const { path, device, inode } = journal.root
  const root = Directory.open(path)
  try {
    const seen = root.self()
    const stage = Directory.open(journal.stage)
    try {
      const isSame = `${seen.device}` === device && `${seen.inode}` === inode
      if (isSame) return await use({ root, stage })
    } finally {
      stage.close()
    }
  } finally {
    root.close()
  }
  throw new WorkspaceError(
    'WORKSPACE_HALF_DONE',
    `${path} is no longer the directory an interrupted change began in`,
    `what was moved aside is in ${journal.stage}; when all is well, remove that directory and ${file}`,
  )
}

function syncParents(root: Directory, steps: readonly Step[]): void {
  const one = new Map(steps.map(({ path }) => [dirname(path), path]))
  for (const path of one.values()) inParent(root, path, (parent) => parent.sync())
}

function known(root: string, error: unknown): unknown {
  if (error instanceof KnownError || systemCode(error) === undefined) return error
  return new WorkspaceError(
    'WORKSPACE_UNWRITABLE',
    `${root} could not be written, and everything was put back: ${messageOf(error)}`,
    'see that its owner may write there and that the disk is not full, then try again',
    { cause: error },
  )
}
