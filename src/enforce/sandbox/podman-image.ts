import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sha256 } from '../../core/canonical.ts'
import { SandboxError } from './errors.ts'
import { podman, type PodmanHome } from './podman-home.ts'
import type { Mount, SandboxSpec } from './spec.ts'

const BLOCK_BYTES = 512
const DIRECTORY = '5'
const LINK = '2'

/**
 * An archive with nothing in it but the links a spec describes: everything else of the system is bound over it. Nothing
 * stands where memory will be, because a runtime gives the memory the mode of what it finds there. The
 * same spec gives the same bytes, so that the image is known by their digest.
 *
 * @see POSIX.1-2017, pax, ustar interchange format
 */
export function skeletonArchive(mounts: readonly Mount[]): Buffer {
  const links = mounts.flatMap((mount) => (mount.type === 'link' ? [mount] : []))
  const folders = new Set(['proc/', 'dev/', 'sys/', 'etc/', 'usr/'])
  for (const { path } of links) {
    const names = path.slice(1).split('/').slice(0, -1)
    for (const i of names.keys()) folders.add(`${names.slice(0, i + 1).join('/')}/`)
  }
  return Buffer.concat([
    ...[...folders].toSorted().map((name) => header(name, DIRECTORY)),
    ...links
      .toSorted((a, b) => (a.path < b.path ? -1 : 1))
      .map(({ path, target }) => header(path.slice(1), LINK, target)),
    Buffer.alloc(2 * BLOCK_BYTES),
  ])
}

function header(name: string, type: string, target = ''): Buffer {
  const bytes = Buffer.alloc(BLOCK_BYTES)
  if (Buffer.byteLength(name) > 99 || Buffer.byteLength(target) > 99)
    throw new RangeError(`${name} is too long for an archive`)
  bytes.write(name, 0)
  bytes.write('0000755\0', 100)
  for (const at of [108, 116]) bytes.write('0000000\0', at)
  for (const at of [124, 136]) bytes.write('00000000000\0', at)
  bytes.write(type, 156)
  bytes.write(target, 157)
  bytes.write('ustar\x0000', 257)
  bytes.fill(' ', 148, 156) // the sum is taken with blanks in its own place
  const sum = bytes.reduce((total, byte) => total + byte, 0)
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return bytes
}

const IMAGE = /^(sha256:)?([0-9a-f]{64})$/

/**
 * The image with nothing but a spec's links, made when it is not there yet.
 *
 * @returns its id, `sha256:…`
 */
export async function skeletonImage(home: PodmanHome, mounts: readonly Mount[]): Promise<string> {
  const archive = skeletonArchive(mounts)
  const digest = `sha256:${sha256(archive)}`
  const name = `localhost/warder-skeleton:${digest.slice(-24)}`
  const known = await layersOf(home, name).catch(() => undefined)
  if (known !== undefined && known.layers.length === 1 && known.layers[0] === digest) return known.id
  return importImage(home, archive, name)
}

/**
 * Makes an image from an archive of a root file system, such as `debootstrap` or `tar` leaves. Nothing is fetched.
 *
 * @returns its id, `sha256:…`, which is what a task names
 */
export async function importImage(home: PodmanHome, archive: Uint8Array, name: string): Promise<string> {
  const path = join(home.temporary, `import-${process.pid}-${sha256(name).slice(-12)}.tar`)
  writeFileSync(path, archive, { mode: 0o600 })
  try {
    await podman(home, ['import', '--quiet', path, name])
  } finally {
    rmSync(path, { force: true })
  }
  const { id, layers } = await layersOf(home, name)
  if (layers[0] === `sha256:${sha256(archive)}`) return id
  throw new SandboxError(
    'SANDBOX_CHANGED',
    `the image ${name} does not hold what it was made from`,
    'see who else writes to the storage of containers in Warder’s state directory',
  )
}

async function layersOf(
  home: PodmanHome,
  name: string,
): Promise<{ readonly id: string; readonly layers: readonly string[] }> {
  const format = '{{.Id}} {{range .RootFS.Layers}}{{.}} {{end}}'
  const [id = '', ...layers] = (await podman(home, ['image', 'inspect', '--format', format, name]))
    .trim()
    .split(/\s+/)
  return { id: pinned(id), layers }
}

/**
 * The digest an image is pinned by; a name would mean whatever carries it by then.
 *
 * @throws SandboxError `SANDBOX_COMMAND_INVALID`
 */
export function pinned(image: string): string {
  const hex = IMAGE.exec(image)?.[2]
  if (hex !== undefined) return `sha256:${hex}`
  throw new SandboxError(
    'SANDBOX_COMMAND_INVALID',
    `the image ${JSON.stringify(image)} is not named by its digest`,
    'name it as sha256:… ; see: podman images --no-trunc',
  )
}

/** In an image of its own a task sees nothing of the machine's system: only what was decided on for this run is bound. */
export function withoutSystem(spec: SandboxSpec): readonly Mount[] {
  return spec.mounts.filter(
    (mount) => mount.type !== 'link' && (mount.type !== 'bind' || mount.identity !== undefined),
  )
}
