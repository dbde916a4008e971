import { join } from 'node:path'
import * as z from 'zod'
import { ensurePrivateDirectory, readPrivateFile, writeFileAtomic } from '../../platform/files.ts'
import { SecretsError } from './errors.ts'
import { whileLocked } from './lock.ts'
import type { BlobPlace } from './store-sealed.ts'

const MOST_BYTES = 64 * 1024 * 1024

const FileShape = z.strictObject({
  v: z.literal(1),
  values: z.record(z.string().max(256), z.base64()),
})
type Values = Record<string, string>

/**
 * One file of sealed values, `values.json`, replaced as a whole and under a lock: readers see the old one or the new
 * one, and two writers lose nothing. Read afresh each time, so that owner, mode and kind are looked at each time.
 */
export function filePlace(directory: string): BlobPlace {
  const path = join(directory, 'values.json')
  const lock = join(directory, 'values.lock')
  const read = (): Values => {
    ensurePrivateDirectory(directory)
    const bytes = readPrivateFile(path, MOST_BYTES)
    return bytes === undefined ? {} : parsed(path, bytes)
  }
  const change = (how: (values: Values) => void): void => {
    ensurePrivateDirectory(directory)
    whileLocked(lock, () => {
      const values = read()
      how(values)
      writeFileAtomic(path, `${JSON.stringify({ v: 1, values }, null, 1)}\n`)
    })
  }
  return {
    read: async (key) => {
      const values = read()
      return Object.hasOwn(values, key) ? Buffer.from(values[key] ?? '', 'base64') : undefined
    },
    write: async (key, bytes) => change((values) => (values[key] = Buffer.from(bytes).toString('base64'))),
    remove: async (key) => change((values) => delete values[key]),
  }
}

function parsed(path: string, bytes: Buffer): Values {
  try {
    return FileShape.parse(JSON.parse(bytes.toString('utf8'))).values
  } catch {
    // not the cause: it may quote the file
    throw new SecretsError(
      'SECRET_DAMAGED',
      `${path} is not a file of values: it was cut or altered`,
      'put it back from a backup; without one, move it away and set each secret again',
      { where: path },
    )
  }
}
