import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { isId } from '../../core/id.ts'
import { ensurePrivateDirectory, readPrivateFile } from '../../platform/files.ts'
import { isAlive } from './processes.ts'
import { removeStandIns } from './standin.ts'

const recordSchema = z.strictObject({
  runId: z.string().refine(isId),
  agent: z.string(),
  profile: z.string(),
  startedAt: z.int(),
  /** Absent while the sandbox is being built. */
  init: z.strictObject({ pid: z.int().min(2), startTime: z.string() }).optional(),
  pidNamespace: z.string().optional(),
  standIns: z.array(
    z.strictObject({
      path: z.string().startsWith('/'),
      kind: z.enum(['file', 'directory']),
      device: z.string(),
      inode: z.string(),
      plannedAt: z.int().optional(),
    }),
  ),
})

/** What is known of a run outside the memory of the daemon, so that a stop works while the daemon does not. */
export type RunRecord = z.output<typeof recordSchema>

/** One small file for each run, ours alone, in a directory ours alone. */
export interface RunRegistry {
  put(record: RunRecord): void
  remove(runId: string): void
  /** Runs whose files can be read; a file that cannot is not a run. */
  list(): readonly RunRecord[]
  /** Takes away what a writer that was killed left half written. */
  sweepUnfinished?(): void
}

export function fileRegistry(directory: string): RunRegistry {
  const pathOf = (runId: string) => join(directory, `${runId}.json`)
  return {
    put: (record) => {
      ensurePrivateDirectory(directory)
      // in one step, and without waiting for the disk: what it tells of does not outlive the machine either
      const path = pathOf(record.runId)
      writeFileSync(`${path}.new`, `${JSON.stringify(record)}\n`, { mode: 0o600 })
      renameSync(`${path}.new`, path)
    },
    remove: (runId) => rmSync(pathOf(runId), { force: true }),
    list: () => readRunRecords(directory),
    sweepUnfinished: () => {
      for (const name of namesIn(directory))
        if (name.endsWith('.json.new')) rmSync(join(directory, name), { force: true })
    },
  }
}

/** Reads what {@link fileRegistry} wrote, from any process of the same user. */
export function readRunRecords(directory: string): readonly RunRecord[] {
  return namesIn(directory)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => {
      const bytes = readPrivateFile(join(directory, name))
      const parsed = recordSchema.safeParse(bytes === undefined ? undefined : parseJson(bytes.toString()))
      return parsed.success && `${parsed.data.runId}.json` === name ? [parsed.data] : []
    })
}

/** Forgets runs that have ended without their daemon, and takes away what was left of them in projects. */
export function sweepRegistry(registry: RunRegistry): readonly RunRecord[] {
  const ended = registry.list().filter(({ init }) => init === undefined || !isAlive(init))
  for (const { runId, standIns } of ended) {
    removeStandIns(standIns)
    registry.remove(runId)
  }
  registry.sweepUnfinished?.()
  return ended
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
