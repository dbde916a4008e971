import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SandboxError } from './errors.ts'
import { podman, type PodmanHome } from './podman-home.ts'
import { killPidNamespace, pidNamespaceOf, readProcess, signalProcess } from './processes.ts'
import { OWNER_LABEL } from './podman-arguments.ts'

const NAME = /^warder-[0-9a-f-]+$/
const OF_RUN = /^[0-9a-f-]{36}$/
const OWNER_FILE = 'owner'
const GONE_DEADLINE_MS = 15_000
const KEEPER_GRACE_MS = 2000

/** Who made a container: the daemon's number and when it began, so that a later one with its number is not taken for it. */
export function ownerOf(pid: number = process.pid): string {
  return `${pid}-${readProcess(pid)?.startTime ?? 0}`
}

function isOwnerThere(owner: string): boolean {
  const [pid, startTime] = owner.split('-')
  return readProcess(Number(pid))?.startTime === startTime
}

/** Containers podman knows of, by name: read from its own list, because asking podman takes a tenth of a second. */
export function knownContainers({ storage }: PodmanHome): ReadonlyMap<string, string> {
  const path = join(storage, 'overlay-containers', 'containers.json')
  if (!existsSync(path)) return new Map()
  const list: unknown = JSON.parse(readFileSync(path, 'utf8'))
  if (!Array.isArray(list)) throw new TypeError(`${path} is no list`)
  return new Map(
    list.flatMap((each: { readonly id?: unknown; readonly names?: unknown }) => {
      const name: unknown = Array.isArray(each.names) ? each.names[0] : undefined
      return typeof name === 'string' && typeof each.id === 'string' ? [[name, each.id] as const] : []
    }),
  )
}

/**
 * Waits until nothing of a container is left: not in podman's list, no folder of its own, no mount of its files. Takes
 * it away where podman did not.
 *
 * @throws SandboxError `SANDBOX_FAILED` when something stays
 */
export async function proveGone(home: PodmanHome, name: string, isOver: () => boolean): Promise<void> {
  const began = performance.now()
  let overSince: number | undefined
  const id = knownContainers(home).get(name)
  while (performance.now() - began < GONE_DEADLINE_MS) {
    if (isGone(home, name, id)) return
    // its keeper may still be at it when podman itself has ended
    if (isOver() && (overSince ??= performance.now()) < performance.now() - KEEPER_GRACE_MS) break
    await sleep(10)
  }
  const rest = isGone(home, name, id)
    ? undefined
    : podman(home, ['rm', '--force', '--ignore', '--time', '0', name])
  // two that remove one container get into each other's way: what counts is whether it is gone
  await rest?.catch(() => undefined)
  if (isGone(home, name, id)) return
  throw new SandboxError(
    'SANDBOX_FAILED',
    `something of the container ${name} is left in ${home.storage}`,
    'start the daemon again: it takes away what is left',
  )
}

function isGone(home: PodmanHome, name: string, id: string | undefined): boolean {
  if (knownContainers(home).has(name)) return false
  if (id === undefined) return true
  const isMounted = readFileSync('/proc/self/mountinfo', 'utf8').includes(`/${id}/`)
  return !isMounted && !existsSync(join(home.storage, 'overlay-containers', id))
}

export interface Swept {
  readonly containers: readonly string[]
  readonly folders: readonly string[]
}

/**
 * Ends and removes what daemons that are gone have left: a killed podman leaves its container running, and a killed
 * daemon its folders. What belongs to a daemon that runs stays.
 */
export async function sweepContainers(home: PodmanHome): Promise<Swept> {
  const containers: string[] = []
  for (const name of knownContainers(home).keys()) {
    if (NAME.test(name) && (await sweepOne(home, name))) containers.push(name)
  }
  const folders = readdirSync(home.runs).filter(
    (folder) => OF_RUN.test(folder) && !isOwnerThere(ownerIn(home, folder)),
  )
  for (const folder of folders) rmSync(join(home.runs, folder), { recursive: true, force: true })
  return { containers, folders }
}

/** @returns false when it is somebody's, or went away by itself meanwhile, as those do whose process 1 saw its daemon go */
async function sweepOne(home: PodmanHome, name: string): Promise<boolean> {
  try {
    if (isOwnerThere(await labelledOwner(home, name))) return false
    await endContainer(home, name)
    return true
  } catch (error) {
    if (!knownContainers(home).has(name)) return false
    throw error
  }
}

export function ownerFile(folder: string): string {
  return join(folder, OWNER_FILE)
}

function ownerIn({ runs }: PodmanHome, folder: string): string {
  try {
    return readFileSync(ownerFile(join(runs, folder)), 'latin1')
  } catch {
    return '' // nobody's
  }
}

async function labelledOwner(home: PodmanHome, name: string): Promise<string> {
  const format = `{{index .Config.Labels "${OWNER_LABEL}"}}`
  return (await podman(home, ['container', 'inspect', '--format', format, name])).trim()
}

/** Its processes first, found by its process 1; then podman takes away the rest, and so may find nothing to stop. */
async function endContainer(home: PodmanHome, name: string): Promise<void> {
  const pid = Number(await podman(home, ['container', 'inspect', '--format', '{{.State.Pid}}', name]))
  const init = pid > 0 ? readProcess(pid) : undefined
  const namespace = init === undefined ? undefined : pidNamespaceOf(init.pid)
  if (init !== undefined && namespace !== pidNamespaceOf(process.pid)) await killPidNamespace(init, namespace)
  await podman(home, ['rm', '--force', '--ignore', '--time', '0', name])
  await proveGone(home, name, () => true)
}

/** The process that holds an ordinary user's namespaces open for podman; nothing needs it between runs. */
export function endPause({ temporary, isRootless }: PodmanHome): void {
  const file = join(temporary, 'pause.pid')
  if (!isRootless || !existsSync(file)) return
  const process_ = readProcess(Number(readFileSync(file, 'latin1')))
  // its number may be another's by now
  const isPodmans = process_ !== undefined && readComm(process_.pid) === 'podman pause'
  if (isPodmans) signalProcess(process_, 'SIGKILL')
  rmSync(file, { force: true })
}

function readComm(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'latin1').trim()
  } catch {
    return ''
  }
}

/** An ordinary user's storage holds files of users that exist in its namespaces alone: only podman can remove them. */
export async function removeStorage(home: PodmanHome): Promise<void> {
  if (home.isRootless) await podman(home, ['unshare', '/bin/rm', '-rf', '--', home.storage])
  endPause(home)
  rmSync(home.storage, { recursive: true, force: true })
}
