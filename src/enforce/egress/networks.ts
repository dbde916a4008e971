import { maskedKey, type Network } from './address.ts'

/** Things by the networks they are for: a look costs as many steps as there are different widths, however many there are. */
export interface NetworkTable<T> {
  readonly widths: readonly Width<T>[]
}

interface Width<T> {
  readonly sizeBytes: number
  readonly prefix: number
  readonly at: ReadonlyMap<string, readonly Entry<T>[]>
}

interface Entry<T> {
  /** Where it stood in the list, so that what is found comes in the same order. */
  readonly place: number
  readonly value: T
}

export function networkTable<T>(list: readonly (readonly [network: Network, value: T])[]): NetworkTable<T> {
  const entries = list.map(([network, value], place) => ({ network, place, value }))
  const byWidth = Map.groupBy(entries, ({ network }) => `${network.bytes.length}/${network.prefix}`)
  return {
    widths: [...byWidth.values()].flatMap((same) => {
      const [first] = same
      if (first === undefined) return []
      const { bytes, prefix } = first.network
      return [
        {
          sizeBytes: bytes.length,
          prefix,
          at: Map.groupBy(same, (each) => maskedKey(each.network.bytes, prefix)),
        },
      ]
    }),
  }
}

/** What is for a network the address is in, in the order of the list. */
export function atAddress<T>({ widths }: NetworkTable<T>, bytes: Uint8Array): readonly T[] {
  if (widths.length === 0) return []
  const found: Entry<T>[] = []
  for (const { sizeBytes, prefix, at } of widths) {
    const here = sizeBytes === bytes.length ? at.get(maskedKey(bytes, prefix)) : undefined
    if (here !== undefined) found.push(...here)
  }
  if (found.length > 1) found.sort((a, b) => a.place - b.place)
  return found.map(({ value }) => value)
}
