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
export function atAddress<T>({ widths }: NetworkTable<T>, bytes: Uint8Array): T[] {
  const found: Entry<T>[] = []
  for (const { sizeBytes, prefix, at } of widths) {
    if (sizeBytes === bytes.length) found.push(...(at.get(maskedKey(bytes, prefix)) ?? []))
  }
  return found.sort((a, b) => a.place - b.place).map(({ value }) => value)
}
