import type { ChildProcess } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { INIT_PATH } from './arguments.ts'
import { mountPoints, type MountPoint } from './descriptors.ts'
import { isWithin } from './paths.ts'
import { pidNamespaceOf } from './processes.ts'
import type { Mount, SandboxSpec } from './spec.ts'

const BUILD_DEADLINE_MS = 10_000

/** The builder writes one JSON document a line: who process 1 is, and later how the command ended. */
export function readStatus(
  child: ChildProcess,
  at: number,
): { readonly init: Promise<number>; readonly exitCode: Promise<number | undefined> } {
  const stream = streamOf<Readable>(child, at)
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
  child.on('error', (error) => first.reject(error))
  first.promise.catch(() => undefined)
  return { init: first.promise, exitCode: last.promise }
}

/** Node's types know five streams of a child; there are as many as were asked for. */
export function streamOf<S extends Readable | Writable>(child: ChildProcess, at: number): S {
  return (child.stdio as readonly unknown[])[at] as S
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
 * @returns the inode of its pid namespace
 */
export async function settled(
  init: number,
  spec: SandboxSpec,
  child: ChildProcess,
  hasInit: boolean,
): Promise<string> {
  const began = performance.now()
  while (performance.now() - began < BUILD_DEADLINE_MS) {
    const namespace = isComplete(spec, mountPoints(init), hasInit) ? pidNamespaceOf(init) : undefined
    if (namespace !== undefined) return namespace
    if (child.exitCode !== null || child.signalCode !== null) break
    await sleep(1)
  }
  throw new Error('what was built is not what was described')
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
