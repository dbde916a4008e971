import { refText, type ValueStore } from './store.ts'

/** The twin of the real ones, for tests and for a program that wants nothing on disk. */
export function memoryStore(): ValueStore & { readonly size: () => number } {
  const values = new Map<string, Uint8Array>()
  return {
    store: 'memory',
    isWritable: true,
    size: () => values.size,
    read: async (ref) => {
      const value = values.get(refText(ref))
      return value === undefined ? undefined : Uint8Array.from(value)
    },
    write: async (ref, value) => void values.set(refText(ref), Uint8Array.from(value)),
    remove: async (ref) => {
      values.get(refText(ref))?.fill(0)
      values.delete(refText(ref))
    },
  }
}
