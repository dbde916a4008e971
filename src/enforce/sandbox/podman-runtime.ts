import { accessSync, constants, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { messageOf } from '../../core/error.ts'
import { SandboxError } from './errors.ts'
import { RUNTIMES, type PodmanHome, type Runtime } from './podman-home.ts'

const FILE = 'runtime.json'
const FOLDERS = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin', '/bin', '/sbin']

const chosenSchema = z.strictObject({
  mark: z.string(),
  runtime: z.enum(RUNTIMES),
  /** Of those tried before: why not. */
  passedOver: z.array(z.string()),
})

export interface ChosenRuntime {
  readonly runtime: Runtime
  readonly passedOver: readonly string[]
}

/**
 * The first runtime that really starts a container here, by trial: which one does depends on how control groups are
 * mounted, and none says so before. What was found holds for as long as this boot and the programs do.
 *
 * @param works throws where no container comes to be
 * @throws SandboxError `SANDBOX_UNAVAILABLE`, saying of each what it said
 */
export async function chooseRuntime(
  { runs, podman }: Pick<PodmanHome, 'runs' | 'podman'>,
  works: (runtime: Runtime) => Promise<void>,
): Promise<ChosenRuntime> {
  const file = join(runs, '..', FILE)
  const mark = markOf(podman)
  const known = readChosen(file)
  if (known?.mark === mark) return known
  const passedOver: string[] = []
  for (const runtime of RUNTIMES) {
    try {
      if (pathOf(runtime) === undefined) throw new Error('it is not installed')
      await works(runtime)
      writeFileSync(file, `${JSON.stringify({ mark, runtime, passedOver })}\n`, { mode: 0o600 })
      return { runtime, passedOver }
    } catch (error) {
      passedOver.push(`${runtime}: ${messageOf(error)}`)
    }
  }
  throw new SandboxError(
    'SANDBOX_UNAVAILABLE',
    `podman can start no container here. ${passedOver.join('. ')}`,
    'as root: apt install runc; then see what podman run says',
  )
}

function readChosen(file: string): z.output<typeof chosenSchema> | undefined {
  if (!existsSync(file)) return undefined
  try {
    return chosenSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return undefined // then it is tried again
  }
}

/** Changes with the boot, and with the programs whose doing it is. */
function markOf(podman: string): string {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  const programs = [podman, ...RUNTIMES.map(pathOf)].map((path) => {
    const stat = path === undefined ? undefined : statSync(path)
    return stat === undefined ? 'none' : `${stat.ino}-${stat.size}-${stat.mtimeMs}`
  })
  return [boot, process.geteuid?.(), ...programs].join(' ')
}

function pathOf(runtime: Runtime): string | undefined {
  return FOLDERS.map((folder) => join(folder, runtime)).find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
