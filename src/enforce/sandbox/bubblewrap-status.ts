import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { INIT_PATH } from './arguments.ts'
import { mountPoints, type MountPoint } from './descriptors.ts'
import { isWithin } from './paths.ts'
import { pidNamespaceOf } from './processes.ts'
import type { Builder } from './builder.ts'
import type { Mount, SandboxSpec } from './spec.ts'

const BUILD_DEADLINE_MS = 10_000

/** The builder writes one JSON document a line: who process 1 is, and later how the command ended. */
export function readStatus(stream: Readable): {
  readonly init: Promise<number>
  readonly exitCode: Promise<number | undefined>
} {
  const first = Promise.withResolvers<number>()
  const last = Promise.withResolvers<number | undefined>()
  const state: { text: string; code: number | undefined } = { text: '', code: undefined }
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (state.text + chunk).split('\n')
    state.text = lines.pop() ?? ''
    for (const line of lines) {
      const document = parseStatus(line)
      if (document['child-pid'] !== undefined) first.resolve(document['child-pid'])
      if (document['exit-code'] !== undefined) state.code = document['exit-code']
    }
  })
  const end = () => {
    first.reject(new Error('it ended before the sandbox stood'))
    last.resolve(state.code)
  }
  stream.on('close', end).on('error', end)
  first.promise.catch(() => undefined)
  return { init: first.promise, exitCode: last.promise }
}

function parseStatus(line: string): { readonly 'child-pid'?: number; readonly 'exit-code'?: number } {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

/**
 * Waits until the sandbox is complete: everything described is mounted and nothing else, neither what it was built
 * from nor what the machine has.
 *
 * @param hello resolves when process 1 of ours begins, which it does when all is built; absent: it is looked for
 * @returns the inode of its pid namespace
 */
export async function settled(
  init: number,
  spec: SandboxSpec,
  builder: Builder,
  hello?: Promise<boolean>,
): Promise<string> {
  const namespace =
    hello === undefined
      ? await lookedFor(init, spec, builder)
      : (await isBegun(hello, builder)) && isComplete(spec, mountPoints(init), true)
        ? pidNamespaceOf(init)
        : undefined
  if (namespace !== undefined) return namespace
  throw new Error('what was built is not what was described')
}

/** Whether process 1 of ours says that it is there, before its builder ends or the time is over. */
async function isBegun(hello: Promise<boolean>, { over }: Builder): Promise<boolean> {
  const late = Promise.withResolvers<false>()
  const timer = setTimeout(() => late.resolve(false), BUILD_DEADLINE_MS)
  const answer = await Promise.race([hello, over.then(() => false), late.promise])
  clearTimeout(timer)
  return answer
}

/** Nobody says when all is built: so it is looked again and again. */
async function lookedFor(init: number, spec: SandboxSpec, builder: Builder): Promise<string | undefined> {
  const began = performance.now()
  while (performance.now() - began < BUILD_DEADLINE_MS) {
    const namespace = isComplete(spec, mountPoints(init), false) ? pidNamespaceOf(init) : undefined
    if (namespace !== undefined || builder.isOver) return namespace
    await sleep(1)
  }
  return undefined
}

function isComplete(spec: SandboxSpec, seen: ReadonlyMap<string, MountPoint>, hasInit: boolean): boolean {
  const mounts = spec.mounts.filter(({ type }) => type !== 'link' && type !== 'text')
  const known = [...mounts.map(({ path }) => path), '/proc', '/dev', ...(hasInit ? [INIT_PATH] : [])]
  return (
    mounts.every((mount) => isAsMeant(mount, seen.get(mount.path))) &&
    (!hasInit || seen.get(INIT_PATH)?.readOnly === true) &&
    (spec.host.uid !== 0 || seen.get('/proc/sys')?.readOnly === true) &&
    [...seen.keys()].every((path) => path === '/' || known.some((top) => isWithin(path, top)))
  )
}

function isAsMeant(mount: Mount, point: MountPoint | undefined): boolean {
  const mustNotWrite = mount.type === 'mask' || (mount.type === 'bind' && mount.access === 'read')
  return (
    point !== undefined &&
    (point.readOnly || !mustNotWrite) &&
    (mount.type !== 'mask' || point.type === 'tmpfs') &&
    (mount.type !== 'overlay' || point.type === 'overlay')
  )
}
